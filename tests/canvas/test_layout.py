from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpiat_gui.canvas.alignment import align, spine
from dpiat_gui.canvas.connections import Rows, connect
from dpiat_gui.canvas.curves import height
from dpiat_gui.canvas.layout import Columns, EntryShape, Link, Metrics, place, row_slots

FRACTIONS = np.linspace(0, 1, 23)


@st.composite
def order_keeping(draw, sources, targets, least=0):
    """Pairs of positions as a matching makes them: each target once, sources never decreasing."""
    if not sources or not targets:
        return []
    chosen = sorted(
        draw(st.sets(st.integers(0, targets - 1), min_size=min(least, targets), max_size=targets))
    )
    given_by = sorted(draw(st.lists(st.integers(0, sources - 1), min_size=len(chosen), max_size=len(chosen))))
    return list(zip(given_by, chosen, strict=True))


@st.composite
def pictures(draw):
    """Two columns with a matching between them, and what is expanded."""

    def column():
        return [
            EntryShape(
                draw(st.sampled_from("ab")), tuple(draw(st.text("xyz", min_size=1, max_size=6))), single
            )
            for single in draw(st.lists(st.booleans(), max_size=7))
        ]

    sources, targets = column(), column()
    links = []
    for i, j in draw(order_keeping(len(sources), len(targets))):
        rows = draw(order_keeping(len(sources[i].rows), len(targets[j].rows), least=1))
        links.append(Link(i, j, tuple(rows)))
    opened = [
        {i for i, entry in enumerate(side) if not entry.single and draw(st.booleans())}
        for side in (sources, targets)
    ]
    focus = draw(st.one_of(st.none(), st.integers(0, max(len(targets) - 1, 0))))
    return sources, targets, links, opened, focus


def laid_out(picture):
    sources, targets, links, opened, focus = picture
    layout = place(sources, targets, links, *opened)
    return layout, connect(layout, links, focus)


@given(pictures())
def test_entries_and_rows_follow_each_other_without_overlap(picture):
    layout, _ = laid_out(picture)
    spacing = Metrics().spacing
    for column, shapes, opened in zip((layout.source, layout.target), picture[:2], picture[3], strict=True):
        assert len(column) == len(shapes)
        for above, below in pairwise(column):
            assert below.top >= above.bottom + spacing
        for position, (placed, shape) in enumerate(zip(column, shapes, strict=True)):
            assert placed.expanded == (position in opened)
            if placed.expanded:
                assert len(placed.rows) == len(shape.rows)
                assert placed.rows[0] >= placed.top + placed.header
                assert all(b - a >= placed.row_height for a, b in pairwise(placed.rows))
                assert placed.rows[-1] + placed.row_height <= placed.bottom
        if column:
            assert column[0].top >= Metrics().margin
            assert column[-1].bottom <= layout.height - Metrics().margin


@given(pictures())
def test_drawn_edges_never_cross(picture):
    _, edges = laid_out(picture)
    heights = [np.array([height(e.y0, e.y1, f) for f in FRACTIONS]) for e in edges.edges]
    for upper, lower in combinations(heights, 2):
        assert (lower - upper >= -1e-9).all()


@given(pictures())
def test_every_link_is_drawn(picture):
    layout, edges = laid_out(picture)
    links = picture[2]
    assert {edge.link for edge in edges.edges} == set(range(len(links)))
    for position, link in enumerate(links):
        drawn = [edge.pair for edge in edges.edges if edge.link == position]
        both = layout.source[link.source].expanded and layout.target[link.target].expanded
        if edges.leads.get(link.source) == position:
            assert both
            assert drawn == list(range(len(link.rows)))
        else:
            assert drawn == [None]


@given(pictures())
def test_a_lone_pair_faces_each_other(picture):
    layout, _ = laid_out(picture)
    links = picture[2]
    for link in links:
        if sum(other.source == link.source for other in links) == 1:
            source, target = layout.source[link.source], layout.target[link.target]
            assert source.top == target.top
            alone = [i for i, _ in link.rows]
            if source.expanded and target.expanded:
                assert source.height == target.height
                for i, j in link.rows:
                    if alone.count(i) == 1:
                        assert source.rows[i] == target.rows[j]


@given(pictures())
def test_a_source_stands_beside_the_middle_of_its_span(picture):
    layout, _ = laid_out(picture)
    links = picture[2]
    for source in {link.source for link in links}:
        span = [layout.target[link.target] for link in links if link.source == source]
        if len(span) > 1:
            middle = (span[0].top + span[-1].bottom) / 2
            assert abs(layout.source[source].top + layout.source[source].height / 2 - middle) <= 1


@given(pictures())
def test_every_span_has_a_ribbon(picture):
    _, edges = laid_out(picture)
    links = picture[2]
    spans = {link.source for link in links if sum(o.source == link.source for o in links) > 1}
    assert {links[band.link].source for band in edges.bands if band.pair is None} == spans
    for band in edges.bands:
        assert band.source_top < band.source_bottom
        assert band.target_top < band.target_bottom


def test_only_one_of_several_expanded_targets_is_drawn_row_by_row():
    block = EntryShape("b", tuple("xyz"))
    rows = ((0, 0), (2, 2))
    links = [Link(0, j, rows) for j in range(3)]
    layout = place([block], [block] * 3, links, {0}, {0, 1, 2})
    first = connect(layout, links)
    assert [edge.link for edge in first.edges if edge.pair is not None] == [0, 0]
    looked_at = connect(layout, links, focus=1)
    assert [edge.link for edge in looked_at.edges if edge.pair is not None] == [1, 1]
    above, *_, below = looked_at.edges
    assert above.y0 == layout.source[0].port
    assert below.y0 > layout.source[0].rows[-1] + layout.source[0].row_height


def test_a_gap_stands_where_the_other_side_has_nothing():
    entry = EntryShape("e", ("x",), single=True)
    layout = place([entry] * 2, [entry] * 4, [Link(0, 0), Link(1, 3)])
    assert layout.source[1].top == layout.target[3].top
    assert layout.source[1].top - layout.source[0].bottom > entry_pitch()


def test_networks_with_nothing_in_common_both_begin_at_the_top():
    layout = place([EntryShape("conv", ())] * 9, [EntryShape("norm", ())] * 2, ())
    assert layout.source[0].top == layout.target[0].top
    assert layout.height == place([EntryShape("conv", ())] * 9, (), ()).height


def entry_pitch():
    return Metrics().single + Metrics().spacing


def test_unmatched_entries_of_a_kind_face_each_other():
    groups = align(["conv", "act", "pool"], ["conv", "drop", "pool"], [(0, 0)])
    assert [(list(g.sources), list(g.targets)) for g in groups] == [([0], [0]), ([1], [1]), ([2], [2])]
    assert [g.linked for g in groups] == [True, False, False]


@given(st.data(), st.text("ab", max_size=6), st.text("ab", max_size=6))
def test_alignment_holds_every_member_once_and_in_order(data, sources, targets):
    links = data.draw(order_keeping(len(sources), len(targets)))
    groups = align(sources, targets, links)
    assert [i for group in groups for i in group.sources] == list(range(len(sources)))
    assert [j for group in groups for j in group.targets] == list(range(len(targets)))
    for i, j in links:
        assert any(group.linked and i in group.sources and j in group.targets for group in groups)


def test_a_row_stands_beside_the_middle_of_the_rows_it_serves():
    left, right, slots = row_slots(("a", "b"), ("a", "a", "a", "b"), ((0, 0), (0, 2), (1, 3)))
    assert right == (0, 1, 2, 3)
    assert left == (1, 3)
    assert slots == 4


def test_nothing_is_placed_for_no_networks():
    layout = place([], [], [])
    assert layout.height == 0
    assert connect(layout, []).edges == ()


@pytest.mark.parametrize("available", [300, 560, 640, 860, 1134, 1600, 2600])
def test_columns_fit_the_width_they_are_given(available):
    columns = Columns.fitting(available)
    assert columns.target_left - columns.source_right == columns.gap
    assert columns.gap >= 56
    assert columns.width >= 176
    if available >= 440:
        assert columns.total <= available
    if 440 <= available <= 1400:
        assert available - columns.total < 3


# -- pairs that cross, and layers that know no blocks --------------------------------------------


@st.composite
def layer_links(draw, sources, targets, ordered):
    """Links as matchers without blocks make them: pairs of rows, gathered by the entries they are in."""
    left = [(i, row) for i, entry in enumerate(sources) for row in range(len(entry.rows))]
    right = [(j, row) for j, entry in enumerate(targets) for row in range(len(entry.rows))]
    if not left or not right:
        return []
    chosen = sorted(draw(st.sets(st.integers(0, len(right) - 1))))
    given_by = draw(st.lists(st.integers(0, len(left) - 1), min_size=len(chosen), max_size=len(chosen)))
    if ordered:
        given_by.sort()
    rows = {}
    for at, target in zip(given_by, chosen, strict=True):
        (i, source_row), (j, target_row) = left[at], right[target]
        rows.setdefault((j, i), []).append((source_row, target_row))
    return [Link(i, j, tuple(found)) for (j, i), found in sorted(rows.items())]


@st.composite
def loose_pictures(draw, ordered):
    sources, targets, _, opened, _ = draw(pictures())
    sources, targets = (
        [EntryShape(e.key, e.rows[:1] if e.single else e.rows, e.single) for e in side]
        for side in (sources, targets)
    )
    return sources, targets, draw(layer_links(sources, targets, ordered)), opened


def check_every_pair_is_drawn(layout, links, edges):
    for position, link in enumerate(links):
        source, target = layout.source[link.source], layout.target[link.target]
        drawn = [edge for edge in edges.edges if edge.link == position]
        hidden = any(not (end.expanded or end.single) for end in (source, target))
        if hidden or (source.single and target.single):
            assert [edge.pair for edge in drawn] == [None]
        else:
            assert [edge.pair for edge in drawn] == list(range(len(link.rows)))
            for edge, (i, j) in zip(drawn, link.rows, strict=True):
                assert (edge.y0, edge.y1) == (source.row_port(i), target.row_port(j))
    assert [edge.link for edge in edges.edges] == sorted(edge.link for edge in edges.edges)


@given(loose_pictures(ordered=True))
def test_layers_in_order_never_cross_whatever_is_expanded(picture):
    sources, targets, links, opened = picture
    layout = place(sources, targets, links, *opened)
    edges = connect(layout, links, rows=Rows.LAYERS)
    check_every_pair_is_drawn(layout, links, edges)
    for upper, lower in pairwise(edges.edges):
        assert upper.y0 <= lower.y0 + 1e-9
        assert upper.y1 <= lower.y1 + 1e-9


@given(loose_pictures(ordered=False), st.sampled_from([Rows.ALL, Rows.LAYERS]))
def test_pairs_that_cross_are_all_drawn(picture, rows):
    sources, targets, links, opened = picture
    layout = place(sources, targets, links, *opened)
    check_every_pair_is_drawn(layout, links, connect(layout, links, rows=rows))
    for column, shapes in ((layout.source, sources), (layout.target, targets)):
        assert len(column) == len(shapes)
        for above, below in pairwise(column):
            assert below.top >= above.bottom + Metrics().spacing


def keeps_order(links):
    return all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(links))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=8, unique=True), st.data())
def test_the_spine_is_the_heaviest_chain(links, data):
    links = sorted(links, key=lambda link: link[1])
    weights = data.draw(st.lists(st.integers(1, 5), min_size=len(links), max_size=len(links)))
    chosen = spine(links, weights)
    assert list(chosen) == sorted(set(chosen))
    kept = [links[position] for position in chosen]
    if all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(links)):
        assert {target for _, target in kept} == {target for _, target in links}
        assert len(kept) == len({target for _, target in links})
        return
    assert keeps_order(kept)
    every = (c for n in range(len(links) + 1) for c in combinations(range(len(links)), n))
    best = max(sum(weights[i] for i in c) for c in every if keeps_order([links[i] for i in c]))
    assert sum(weights[i] for i in chosen) == best


def test_thousands_of_crossing_links_have_a_spine():
    links = [(i * 7919 % 5003, i) for i in range(5003)]
    chosen = spine(links, [1.0] * len(links))
    assert keeps_order([links[i] for i in chosen])
    assert len(chosen) == 41
