"""How long the canvas takes: building the scene, full repaints, hovering, showing an edit.

    python tests/benchmarks/bench_canvas.py

Offscreen, in milliseconds: median and 95th percentile, by the clock and by the processor. The two are
the same where nothing else runs; where something does, the processor's tell what the canvas takes.
"""

import gc
import os
import sys
from collections.abc import Callable
from statistics import median, quantiles
from time import perf_counter, thread_time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from dpiat_gui.canvas.columns import Place, Side
from dpiat_gui.canvas.view import MatchView
from dpiat_gui.canvas.zoom import STEP
from dpiat_gui.matching.engine import prepare, solve
from dpiat_gui.matching.values import Matching, MatchOptions, Overrides
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.sources import load_network
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.values import ModuleNode, ModuleTree, Network, TensorSpec
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.planning import plan_transfer

SIZE = (1200, 900)
ZOOMS = (2.0, 1.0, 0.64, 0.41, 0.26, 0.12)


def synthetic(blocks: int, name: str) -> Network:
    """Return a network of `blocks` blocks of ten layers each."""
    children = []
    for block in range(blocks):
        path, width = f"blocks.{block}", 16 + 8 * (block % 40)
        layers = []
        for part in range(5):
            conv = TensorSpec(f"{path}.conv{part}.weight", (width, width, 3, 3))
            norm = TensorSpec(f"{path}.bn{part}.weight", (width,))
            layers.append(ModuleNode(f"{path}.conv{part}", "Conv2d", LayerKind.CONV2D, (conv,)))
            layers.append(ModuleNode(f"{path}.bn{part}", "BatchNorm2d", LayerKind.BATCH_NORM2D, (norm,)))
        children.append(ModuleNode(path, "Block", LayerKind.OTHER, children=tuple(layers)))
    body = ModuleNode("blocks", "Sequential", LayerKind.OTHER, children=tuple(children))
    head = TensorSpec("head.weight", (10, 16))
    linear = ModuleNode("head", "Linear", LayerKind.LINEAR, (head,))
    return standardize_tree(ModuleTree(name, ModuleNode("", name, LayerKind.OTHER, children=(body, linear))))


def timed(title: str, work: Callable[[], object], runs: int = 20) -> None:
    """Print how long `work` takes, by the clock and by the processor."""
    work()
    clock, processor = [], []
    for _ in range(runs):
        start, busy = perf_counter(), thread_time()
        work()
        clock.append((perf_counter() - start) * 1e3)
        processor.append((thread_time() - busy) * 1e3)
    high = [quantiles(times, n=20)[-1] for times in (clock, processor)]
    print(
        f"  {title:<36} median {median(clock):8.2f}   95 % {high[0]:8.2f}"
        f"   processor: median {median(processor):8.2f}   95 % {high[1]:8.2f}"
    )


def build(matching: Matching) -> MatchView:
    """Return a view of a matching."""
    view = MatchView()
    view.resize(*SIZE)
    view.set_matching(matching)
    return view


def bench(name: str, source: Network, target: Network) -> None:
    """Print all figures of one pair of networks."""
    tables = prepare(source, target, MatchOptions())
    matching = solve(tables, Overrides())
    plan = plan_transfer(matching)
    covered = coverage(plan)
    print(f"{name}: {len(source.layers) + len(target.layers):,} layers, {len(matching.pairs):,} pairs")
    timed("build the scene, collapsed", lambda: build(matching), 10)
    view = build(matching)
    view.show()
    # As the program does: what is there at the start stays out of the collector's rounds.
    gc.collect()
    gc.freeze()
    # Until it is exposed a window paints nothing.
    QApplication.processEvents()
    edited = solve(tables, Overrides(fresh=(matching.pairs[-1].target,)))
    states = [matching, edited]

    def edit() -> None:
        states.reverse()
        view.set_matching(states[0], covered)

    for label, prepare_view in (("collapsed", view.collapse_all), ("expanded", view.expand_all)):
        start = perf_counter()
        prepare_view()
        print(f"  {label}: placed anew in {(perf_counter() - start) * 1e3:.1f} ms")
        view.zoom_reset()
        view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
        QApplication.processEvents()
        for zoom in ZOOMS:
            view.set_zoom(zoom)
            timed(f"{label}: repaint at {zoom:.0%}", view.viewport().repaint)
            timed(f"{label}: zoom step at {zoom:.0%}", lambda zoom=zoom: zoom_step(view, zoom))
        view.fit_all()
        timed(f"{label}: repaint all fitted", view.viewport().repaint)
        view.zoom_reset()
        timed(f"{label}: show an edit", edit, 10)
        timed(f"{label}: hover, without paint", lambda: hover(view))
    view.set_fold_runs(True)
    timed("folded: show an edit", edit, 10)
    view.close()


def zoom_step(view: MatchView, zoom: float) -> None:
    """Zoom in or out once about a zoom, and repaint."""
    view.set_zoom(zoom if view.zoom > zoom * 1.01 else zoom * STEP)
    view.viewport().repaint()


def hover(view: MatchView) -> None:
    """Move the pointer from one row to the next and back."""
    placed = view.board.placed(Side.TARGET)
    attention = view._scene.attention
    goal = 1 if attention.hover_target == Place(Side.TARGET, 0) else 0
    where = view._scene.rect_of(Place(Side.TARGET, min(goal, len(placed) - 1))).center()
    view._hover(QPointF(view.viewportTransform().map(where)))


def main() -> None:
    """Run everything."""
    application = QApplication(sys.argv)
    b0, b2 = load_network("timm:efficientnet_b0"), load_network("timm:efficientnet_b2")
    bench("efficientnet_b0 -> b2", b0, b2)
    large = load_network("timm:tf_efficientnet_l2")
    bench("tf_efficientnet_l2 -> itself", large, large)
    bench("synthetic", synthetic(75, "a"), synthetic(75, "b"))
    bench("synthetic", synthetic(500, "a"), synthetic(500, "b"))
    application.quit()


if __name__ == "__main__":
    main()
