"""Matching against the reference implementation, as ratios within one run.

    python tests/benchmarks/bench_matching.py [--quick]

The reference is compared with where it is installed (``pip install --no-deps iatransfer inflection``).
Every solve is a fresh one: networks are standardized anew, outside the time that is taken.
"""

import argparse
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import random
import statistics
import sys
import time
from collections.abc import Callable
from unittest.mock import MagicMock

from dpiat_gui.matching.compare import compare
from dpiat_gui.matching.costs import pin_costs
from dpiat_gui.matching.engine import match_networks, prepare, solve
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.similarity import similarity
from dpiat_gui.matching.values import Overrides, match_options
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.sources import load_tree
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import Block, Layer, ModuleNode, ModuleTree, Network, TensorSpec

PAIRS = [
    ("efficientnet_b0", "efficientnet_b2"),
    ("efficientnet_b2", "efficientnet_b7"),
    ("efficientnet_b8", "efficientnet_b8"),
    ("tf_efficientnet_l2", "tf_efficientnet_l2"),
    ("resnet18", "resnet50"),
    ("mixnet_s", "efficientnet_b0"),
    ("rexnet_100", "efficientnet_b2"),
    ("mobilenetv2_100", "efficientnet_lite0"),
    ("densenet121", "resnet50"),
]
PAPER = match_options("paper")


def timed(work: Callable[[], object], fresh: Callable[[], None] = lambda: None, times: int = 25) -> float:
    """Return the least seconds of `work`, each run after `fresh`: all else on the machine only adds."""
    taken = []
    for _ in range(times):
        fresh()
        gc.collect()
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


class Case:
    """A pair of networks, made anew before every solve so that nothing is remembered."""

    def __init__(self, source: str, target: str) -> None:
        self.trees = [load_tree(f"timm:{name}") for name in (source, target)]
        self.renew()

    def renew(self) -> None:
        """Standardize both networks again."""
        self.networks: list[Network] = [standardize_tree(tree) for tree in self.trees]

    def measure(self) -> dict[str, float]:
        """Return the milliseconds of each stage."""
        matching = match_networks(*self.networks, PAPER)
        tables = prepare(*self.networks, PAPER)
        pair = matching.pairs[len(matching.pairs) // 2]
        pinned = Overrides(pins=[(pair.source, pair.target)])
        solve(tables, Overrides())
        seconds = {
            "match": timed(lambda: match_networks(*self.networks, PAPER).pairs, self.renew),
            "similarity": timed(lambda: similarity(*self.networks, PAPER), self.renew),
            "re-solve": timed(lambda: solve(tables, pinned)),
        }
        return {name: value * 1e3 for name, value in seconds.items()}

    def measure_costs(self) -> dict[str, float]:
        """Return the milliseconds of looking ahead while a person drags, and the candidates weighed."""
        tables = prepare(*self.networks, PAPER)
        matching = solve(tables, Overrides())
        pair = matching.pairs[len(matching.pairs) // 2]
        entry = matching.entry_pairs[len(matching.entry_pairs) // 2]
        block = matching.target_entries[entry.target].path
        costs = pin_costs(tables, Overrides(), target=pair.target)
        other = max((one for one in costs if one.source != pair.source), key=lambda one: one.total)
        dropped = Overrides(pins=[(other.source, other.target)])
        seconds = {
            "layer": timed(lambda: pin_costs(tables, Overrides(), target=pair.target)),
            "block": timed(lambda: pin_costs(tables, Overrides(), target=block)),
            "preview": timed(lambda: compare(matching, solve(tables, dropped))),
        }
        found = {name: value * 1e3 for name, value in seconds.items()}
        return found | {
            "of layer": len(costs),
            "of block": len(pin_costs(tables, Overrides(), target=block)),
        }


class Unneeded(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stand-ins for packages that only the reference's other matchers import."""

    NAMES = ("karateclub", "matplotlib", "graphviz", "torchviz", "scipy", "pandas", "sklearn")

    def find_spec(self, fullname, path, target=None):
        """Claim the packages, and whatever lies below them."""
        if fullname.partition(".")[0] in self.NAMES:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        """Make a module whose every name can be imported and none used in earnest."""
        return MagicMock(__path__=[], __spec__=spec)

    def exec_module(self, module):
        """Do nothing."""


def reference_match(source: str, target: str, times: int) -> float | None:
    """Return the reference's milliseconds for matching what it has standardized, None without it."""
    if importlib.util.find_spec("iatransfer") is None:
        return None
    import timm
    import torch

    sys.meta_path.append(Unneeded())
    from iatransfer.toolkit import IAT

    iat = IAT()
    with torch.device("meta"):
        modules = [timm.create_model(name) for name in (source, target)]
    sequences = [iat.standardization(module) for module in modules]
    iat.matching.set_score(iat.score)
    return timed(lambda: iat.matching._match_models(*sequences), times=times) * 1e3


def main() -> None:
    """Print one row per pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small networks only, the reference once")
    quick = parser.parse_args().quick
    pairs = PAIRS[:1] + PAIRS[4:6] if quick else PAIRS
    print(f"{'pair':48} {'match':>9} {'reference':>11} {'ratio':>7} {'similarity':>11} {'re-solve':>9}")
    ratios = []
    for source, target in pairs:
        ours = Case(source, target).measure()
        theirs = reference_match(source, target, times=1 if quick or "l2" in source or "b8" in source else 3)
        ratio = theirs / ours["match"] if theirs else None
        ratios += [ratio] if ratio else []
        print(
            f"{source + ' -> ' + target:48} {ours['match']:6.2f} ms "
            + (f"{theirs:8.0f} ms {ratio:7.0f}" if theirs else f"{'-':>11} {'-':>7}")
            + f" {ours['similarity']:8.2f} ms {ours['re-solve']:6.2f} ms"
        )
    if ratios:
        print(f"geometric mean of the ratios: {statistics.geometric_mean(ratios):.0f}")
    print_costs(pairs[:5])
    if not quick:
        print_methods()
        print_growth()


def print_costs(pairs: list[tuple[str, str]]) -> None:
    """Print what it takes to weigh all partners of a layer and of a block, and to preview a drop."""
    print(f"\n{'all pins of a row':48} {'layer':>26} {'block':>26} {'preview':>10}")
    for source, target in pairs:
        found = Case(source, target).measure_costs()
        told = (
            f"{found[name]:7.2f} ms for {found['of ' + name]:4.0f} pins".rjust(26)
            for name in ("layer", "block")
        )
        print(f"{source + ' -> ' + target:48} {' '.join(told)} {found['preview']:7.2f} ms")


def print_methods() -> None:
    """Print what each method takes on one pair."""
    source, target = (
        standardize_tree(load_tree(f"timm:{name}")) for name in ("efficientnet_b2", "efficientnet_b7")
    )
    print("\nefficientnet_b2 -> efficientnet_b7, by method")
    for name in METHODS:
        options = match_options("paper", method=name)
        taken = timed(lambda options=options: match_networks(source, target, options), times=3)
        print(f"{name:20} {taken * 1e3:8.1f} ms")


def print_growth() -> None:
    """Print how the time grows with the number of layers, in blocks of ten and all in one row."""
    print("\nsynthetic chains of conv and norm with themselves reversed")
    print(f"{'layers':>8} {'in blocks':>12} {'in one row':>12}")
    for layers in (100, 1_000, 4_000, 10_000):
        taken = []
        for blocks in (True, False):
            pair = [synthetic(layers, blocks=blocks, seed=seed) for seed in (0, 1)]
            if blocks or layers <= 4_000:
                taken.append(f"{timed(lambda pair=pair: match_networks(*pair, PAPER), times=1):10.2f} s")
        print(f"{layers:8} " + " ".join(taken))


def synthetic(layers: int, *, blocks: bool, seed: int) -> Network:
    """Make a network of random widths, ten layers a block or all by themselves."""
    lots = random.Random(seed)
    made: list[Layer] = []
    for at in range(0, layers, 2):
        width = lots.choice([16, 24, 32, 48, 64, 96, 128, 192, 256])
        for offset, kind, shape in (
            (0, LayerKind.CONV2D, (width, width, 3, 3)),
            (1, LayerKind.BATCH_NORM2D, (width,)),
        ):
            path = f"layer{at + offset}"
            made.append(Layer(path, kind, kind.value, (TensorSpec(f"{path}.weight", shape),)))
    size = 10 if blocks else 1
    sequence = tuple(
        Block(f"block{at}", tuple(made[at : at + size]), single=not blocks) for at in range(0, layers, size)
    )
    root = ModuleNode("", "Chain", LayerKind.OTHER)
    return Network(ModuleTree(f"chain{layers}", root), sequence)


if __name__ == "__main__":
    main()
