"""Columns that scroll apart: where they stand, each by itself, and how one layout becomes another."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from dpiat_gui.canvas.alignment import spine
from dpiat_gui.canvas.layout import EntryShape, Layout, Link, Metrics, Placed, entry_size, stack


def place_apart(
    sources: Sequence[EntryShape],
    targets: Sequence[EntryShape],
    links: Sequence[Link],
    open_sources: Collection[int] = (),
    open_targets: Collection[int] = (),
    metrics: Metrics | None = None,
) -> Layout:
    """Place two columns by themselves, without gaps; the parameters are those of `layout.place`."""
    metrics = metrics or Metrics()
    chosen = spine([(link.source, link.target) for link in links], [len(link.rows) for link in links])
    left, right = (
        stack(
            [entry_size(entry, i in opened, metrics) for i, entry in enumerate(column)],
            metrics.margin,
            None,
            metrics,
        )
        for column, opened in ((sources, open_sources), (targets, open_targets))
    )
    lowest = max((column[-1].bottom for column in (left, right) if column), default=0.0)
    return Layout(tuple(left), tuple(right), lowest + metrics.margin if lowest else 0.0, frozenset(chosen))


def blend(one: Layout, other: Layout, share: float) -> Layout:
    """Return what lies between two layouts of the same columns: the first at 0, the other at 1."""

    def between(a: Placed, b: Placed) -> Placed:
        def mix(x: float, y: float) -> float:
            return x + share * (y - x)

        rows = tuple(mix(x, y) for x, y in zip(a.rows, b.rows, strict=True))
        return replace(b, top=mix(a.top, b.top), height=mix(a.height, b.height), rows=rows)

    return Layout(
        tuple(between(a, b) for a, b in zip(one.source, other.source, strict=True)),
        tuple(between(a, b) for a, b in zip(one.target, other.target, strict=True)),
        max(one.height, other.height),
        other.spine,
    )
