"""Take every timm model that can be built without memory through standardization and similarity.

Run ``python tests/benchmarks/all_timm.py`` (some 15 minutes on one core). Each model is standardized by
the paper's blocks and by its flow, and matched with itself, which must give 1. Prints the counts and, by
reason, the models that cannot.

    --names GLOB...   only models of these names
    --no-graph        leave the flow out
"""

import argparse
import collections
import gc
import sys
import time
from dataclasses import dataclass, field, replace

from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.similarity import similarity
from dpiat_gui.matching.values import MatchOptions
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.timm_models import create_timm_model, timm_version
from dpiat_gui.networks.torch_modules import tree_of
from dpiat_gui.networks.tracing import trace_flow
from dpiat_gui.networks.values import ModuleTree, Network


@dataclass
class Tally:
    """What came of all the models."""

    models: int = 0
    good: collections.Counter[str] = field(default_factory=collections.Counter)
    failed: dict[str, list[str]] = field(default_factory=dict)
    seconds: list[tuple[float, str]] = field(default_factory=list)
    skips: collections.Counter[str] = field(default_factory=collections.Counter)

    def fail(self, step: str, name: str, reason: str) -> None:
        """Note that a model cannot be taken through a step."""
        self.failed.setdefault(f"{step}: {reason[:160]}", []).append(name)


def main() -> int:
    """Take all models through, print what came of it; 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--names", nargs="*", default=["*"])
    parser.add_argument("--no-graph", action="store_true")
    chosen = parser.parse_args()
    import timm

    names = sorted({name for glob in chosen.names for name in timm.list_models(glob)})
    tally = Tally(models=len(names))
    for number, name in enumerate(names, 1):
        check(name, tally, graph=not chosen.no_graph)
        if number % 50 == 0:
            print(f"  {number} of {len(names)}", file=sys.stderr, flush=True)
            gc.collect()
    report(tally)
    return int(bool(tally.failed))


def check(name: str, tally: Tally, *, graph: bool) -> None:
    """Take one model through every step."""
    try:
        module = create_timm_model(name, {}, structure=True)
        tree = tree_of(module, name)
    except DpiatError as error:
        tally.fail("build", name, f"{error}".replace(name, "NAME"))
        return
    blocks = standardized(tree, "blocks", tally)
    if not graph:
        return
    began = time.perf_counter()
    try:
        flow = trace_flow(module, owned=True)
    except DpiatError as error:
        tally.fail("trace", name, error.message.replace(type(module).__name__, "NAME"))
        return
    tally.seconds.append((time.perf_counter() - began, name))
    tally.good[f"traced by {flow.way}"] += 1
    flowing = standardized(replace(tree, flow=flow), "graph", tally)
    exact = standardized(replace(tree, flow=flow), "blocks", tally, step="blocks with flow")
    if blocks and exact:
        compare_skips(blocks, exact, tally)
    if flowing and sorted(x.path for x in flowing.layers) != sorted(x.path for x in tree_layers(tree)):
        tally.fail("graph", name, "a layer is lost")


def standardized(tree: ModuleTree, method: str, tally: Tally, step: str = "") -> Network | None:
    """Standardize a network and match it with itself."""
    step = step or method
    try:
        network = standardize_tree(tree, method)
    except DpiatError as error:
        tally.fail(step, tree.name, error.message)
        return None
    for layer_types in ("paper", "all"):
        try:
            both = similarity(network, network, MatchOptions(layer_types=layer_types))
        except DpiatError as error:
            tally.fail(f"{step} {layer_types}", tree.name, error.message.replace(tree.name, "NAME"))
            continue
        if abs(both.symmetric - 1) > 1e-9:
            tally.fail(f"{step} {layer_types}", tree.name, f"similar to itself by {both.symmetric:.6f}")
        else:
            tally.good[f"{step} {layer_types}"] += 1
    paths = [block.path for block in network.sequence]
    if len(paths) != len(set(paths)):
        tally.fail(step, tree.name, "two entries of one path")
    return network


def compare_skips(told: Network, exact: Network, tally: Tally) -> None:
    """Hold what classes say of their skips against the flow."""
    for one, other in zip(told.sequence, exact.sequence, strict=True):
        if one.single:
            continue
        tally.skips["told" if one.skip is not None else "untold"] += 1
        if one.skip is not None and one.skip != other.skip:
            tally.fail("skip", told.name, f"{one.class_name} says {one.skip}, the flow {other.skip}")


def tree_layers(tree: ModuleTree) -> tuple[object, ...]:
    """Return every layer of the tree."""
    return standardize_tree(tree, "flatten").layers


def report(tally: Tally) -> None:
    """Print what came of it."""
    print(f"timm {timm_version()}: {tally.models} models")
    for what, count in sorted(tally.good.items()):
        print(f"  {what:30} {count:5}")
    print(f"  blocks whose class says its skip: {tally.skips['told']}, does not: {tally.skips['untold']}")
    if tally.seconds:
        slowest = sorted(tally.seconds, reverse=True)
        middle = slowest[len(slowest) // 2][0]
        text = ", ".join(f"{name} {seconds:.1f}" for seconds, name in slowest[:5])
        print(f"  tracing: median {middle:.2f} s, slowest {text}")
    for reason, names in sorted(tally.failed.items()):
        print(f"{reason}\n    {len(names)}: {' '.join(names)}")


if __name__ == "__main__":
    sys.exit(main())
