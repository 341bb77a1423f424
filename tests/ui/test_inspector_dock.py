from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from made import network
from pytestqt.qtbot import QtBot

from dpiat_gui.document.document import Document, Selection
from dpiat_gui.document.facts import Candidate, Dimension
from dpiat_gui.document.solving import overrides_cost
from dpiat_gui.services.theme import DARK, LIGHT
from dpiat_gui.transfer.values import FreshReason, PlanRow
from dpiat_gui.ui.inspector_dock import InspectorPanel
from dpiat_gui.ui.inspector_drawings import CopyDrawing, DimensionBars
from dpiat_gui.ui.inspector_parts import CandidateList
from dpiat_gui.ui.inspector_plan import copy_text, how_text, slices_text
from dpiat_gui.ui.texts import cost

if TYPE_CHECKING:
    from PySide6.QtWidgets import QPushButton

C = (8, 4, 3, 3)
SOURCE = network("s", [[C, (8,), None], [C, (16,)], (10, 8), (5,)])
TARGET = network("t", [[C, (8,)], [(8, 4, 5, 5), (20,), None], [C, (16,), (3, 3)], (5, 8)])


@pytest.fixture
def document(qtbot: QtBot) -> Document:
    document = Document()
    document.open_networks(SOURCE, TARGET)
    return document


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> InspectorPanel:
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    panel.resize(360, 800)
    panel.show()
    return panel


def _settle(panel: InspectorPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not panel._steps and not panel._timer.isActive())


def test_with_nothing_selected_it_helps(qtbot: QtBot, panel: InspectorPanel) -> None:
    assert "Select a layer or a block" in panel.state.text()
    assert not panel.bars.isVisible()
    empty = InspectorPanel(Document())
    qtbot.addWidget(empty)
    assert "Open a source and a target network" in empty.state.text()


def test_a_pair_shows_its_paths_dimensions_and_score(panel: InspectorPanel, document: Document) -> None:
    document.select_target("t3")
    assert panel.source_path.full_text == "s2"
    assert panel.target_path.full_text == "→ t3"
    assert panel.state.text() == "Linear · matched"
    assert panel.score.text() == "score = 0.5000   span 1, no penalty"
    assert panel.formula.text() == "5/10 × 1 = 0.5000\nAdds 0.5000 to the total of 4.734."
    assert panel.bars.isVisible()
    assert panel.bars.accessibleDescription() == "out 10 to 5, 0.500 kept; in 8 to 8, 1.000 same"


def test_a_span_shows_its_penalty(qtbot: QtBot) -> None:
    document = Document()
    document.open_networks(network("s", [(8, 8)]), network("t", [(8, 8), (8, 8)]))
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    document.select_target("t1")
    assert panel.score.text() == "score = 1.0000   span 2, × 0.707"
    assert panel.formula.text() == "1 × 1 = 1.0000\nAdds 0.7071 to the total of 1.414."


def test_what_is_copied_and_covered_arrives_after(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    document.set_transfer(head="copy")
    document.select_target("t3")
    assert not panel.drawing.isVisible()
    _settle(panel, qtbot)
    assert panel.drawing.isVisible()
    assert panel.drawing.toolTip() == "t3.weight[0:5, 0:8] = s2.weight[2:7, 0:8]"
    assert panel.slices.text() == "target[:] = source[2:7]"
    assert panel.slices.isVisible()
    assert panel.covered.text() == "100 % covered · 40 of 40 elements"
    assert not panel.grab().isNull()


def test_candidates_show_what_a_pin_would_cost(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    document.select_target("t0.0")
    _settle(panel, qtbot)
    assert document.tables is not None
    assert document.matching is not None
    change = overrides_cost(document.tables, document.matching, document.overrides.with_pin("s1.0", "t0.0"))
    assert change is not None
    assert panel.candidates._paths[0].full_text == "s1.0"
    assert panel.candidates._costs[0].text() == cost(change)
    with qtbot.waitSignal(panel.pin_requested) as asked:
        panel.candidates._pins[0].click()
    assert asked.args == ["s1.0", "t0.0"]


def test_candidates_that_begin_alike_are_told_apart_where_room_is_short(qtbot: QtBot) -> None:
    found = CandidateList()
    qtbot.addWidget(found)
    paths = [f"features.{block}.{name}.conv" for block in (12, 14) for name in ("conv_exp", "conv_pwl")]
    found.set_candidates([Candidate(path, "t", 0.5) for path in paths], for_target=True)
    found.show()
    for width in (240, 290, 600):
        found.resize(width, 200)
        shown = [label.text() for label in found._paths[:4]]
        assert len(set(shown)) == 4
        assert [label.toolTip() for label in found._paths[:4]] == paths
    assert shown == paths


def test_a_candidate_that_cannot_be_pinned_says_why(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    document.pin("s0", "t1")
    document.select_target("t0.0")
    _settle(panel, qtbot)
    assert panel.candidates._costs[0].text() == "cannot"
    assert not panel.candidates._pins[0].isEnabled()
    assert "would cross the pin s0 → t1" in panel.candidates._costs[0].toolTip()


def test_the_buttons_say_what_a_person_wants(panel: InspectorPanel, document: Document, qtbot: QtBot) -> None:
    document.select_target("t3")
    wanted: list[tuple[str, Any]] = []
    panel.pin_requested.connect(lambda s, t: wanted.append(("pin", (s, t))))
    panel.ban_requested.connect(lambda s, t: wanted.append(("ban", (s, t))))
    panel.fresh_requested.connect(lambda t: wanted.append(("fresh", t)))
    panel.clear_requested.connect(lambda t: wanted.append(("clear", t)))
    for button in (panel.pin, panel.ban, panel.fresh, panel.clear):
        button.click()
    assert wanted == [("pin", ("s2", "t3")), ("ban", ("s2", "t3")), ("fresh", "t3")]
    document.pin("s2", "t3")
    assert not panel.pin.isEnabled()
    assert panel.state.text() == "Linear · pinned by hand"
    panel.clear.click()
    assert wanted[-1] == ("clear", "t3")


def _enabled(panel: InspectorPanel) -> list[bool]:
    buttons: tuple[QPushButton, ...] = (panel.pin, panel.ban, panel.fresh, panel.clear)
    return [button.isEnabled() for button in buttons]


def test_buttons_that_mean_nothing_are_off(panel: InspectorPanel, document: Document) -> None:
    document.select_target("t1.2")
    assert _enabled(panel) == [False, False, False, False]
    document.select(Selection("s3", None))
    assert _enabled(panel) == [False, False, False, False]
    document.select(Selection("s0.1", "t0.0"))
    assert _enabled(panel) == [False, False, True, False]
    assert "never matched: their score is 0" in panel.state.text()
    document.set_fresh("t2.2")
    document.select_target("t2")
    assert _enabled(panel) == [True, True, True, True]


def test_a_row_alone_says_why(panel: InspectorPanel, document: Document, qtbot: QtBot) -> None:
    document.select_target("t2.2")
    _settle(panel, qtbot)
    assert "no source layer of the same type" in panel.state.text()
    assert not panel.candidates_title.isVisible()
    assert not panel.candidates.isVisible()
    assert not panel.drawing.isVisible()


def test_a_block_shows_its_layers_and_a_click_selects_one(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    document.select_target("t2")
    rows = [panel.layers.topLevelItem(row) for row in range(panel.layers.topLevelItemCount())]
    assert [[item.text(column) for column in range(3)] for item in rows if item] == [
        ["0", "0", "1.000"],
        ["1", "1", "1.000"],
        ["2", "–", ""],
    ]
    assert rows[1] is not None
    panel.layers.itemClicked.emit(rows[1], 0)
    assert document.selection == Selection("s1.1", "t2.1")


def test_an_edit_refreshes_what_is_shown(panel: InspectorPanel, document: Document, qtbot: QtBot) -> None:
    document.select_target("t3")
    document.set_fresh("t3")
    assert panel.state.text() == "Linear\nt3 is left fresh by hand."
    document.undo_stack.undo()
    assert panel.state.text() == "Linear · matched"
    _settle(panel, qtbot)
    document.set_source(network("u", [(3,)]))
    assert not panel.source_path.isVisible()


def test_drawings_hold_at_any_size_and_in_both_themes(qtbot: QtBot) -> None:
    drawing, bars = CopyDrawing(), DimensionBars()
    bars.set_dimensions([Dimension("out", 512, 3), Dimension("in", 1, 99_999)])
    rows = [
        PlanRow("t", (9,), "f", "t", "s", (4,), ((0, 4),), ((2, 6),)),
        PlanRow("t", (5, 5, 7, 7), "f", "t", "s", (9, 3, 3, 3), ((2, 7), (0, 3), (0, 3), (0, 3)),
                ((0, 5), (1, 4), (2, 5), (2, 5))),
        PlanRow("t", (5, 5, 7), "f", "t", "s", (5, 5, 3), ((0, 5), (0, 5), (0, 3)), ((0, 5), (0, 5), (2, 5))),
        PlanRow("t", (2, 2, 40, 40), "f", "t", "s", (2, 2, 3, 3), ((0, 2),) * 2 + ((0, 3),) * 2,
                ((0, 2),) * 2 + ((18, 21),) * 2),
        PlanRow("t", (), "f", "t", "s", ()),
        None,
    ]  # fmt: skip
    for widget in (drawing, bars):
        qtbot.addWidget(widget)
    for theme in (LIGHT, DARK):
        drawing.set_theme(theme)
        bars.set_theme(theme)
        for row in rows:
            drawing.set_row(row, ("out", "in", "kH", "kW"))
            for width in (1, 90, 600):
                drawing.resize(width, drawing.sizeHint().height())
                bars.resize(width, bars.sizeHint().height())
                assert not drawing.grab().isNull()
                assert not bars.grab().isNull()


def test_a_fresh_row_of_the_plan_says_why() -> None:
    row = PlanRow("a.bias", (3,), "float32", "a", fresh=FreshReason.NOT_IN_SOURCE)
    assert copy_text(row) == "a.bias stays fresh: the matched source layer has no such tensor."


def test_the_runner_up_says_what_a_ban_would_cost(qtbot: QtBot) -> None:
    document = Document()
    document.open_networks(network("s", [(8, 8), (8, 4)]), network("t", [(8, 8)]))
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    document.select_target("t0")
    _settle(panel, qtbot)
    assert panel.runner_up.isVisible()
    assert (panel.runner_up.path.full_text, panel.runner_up.change.text()) == ("s1", "−0.500")
    with qtbot.waitSignal(panel.pin_requested) as asked:
        panel.runner_up.pin.click()
    assert asked.args == ["s1", "t0"]
    document.ban("s0", "t0")
    assert document.matching is not None
    assert document.matching.by_target["t0"].source == "s1"


def test_a_target_without_another_source_would_stay_fresh(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    document.select_target("t3")
    _settle(panel, qtbot)
    assert "fresh" in panel.runner_up.path.full_text
    assert not panel.runner_up.pin.isVisible()
    document.pin("s2", "t3")
    _settle(panel, qtbot)
    assert not panel.runner_up.isVisible()


def test_a_lost_skip_is_said(qtbot: QtBot) -> None:
    source, target = network("s", [[C, (8,)], (5, 5)]), network("t", [[C, (8,)], (5, 5)])
    blocks = (replace(source.sequence[0], skip=True), *source.sequence[1:])
    others = (replace(target.sequence[0], skip=False), *target.sequence[1:])
    document = Document()
    document.open_networks(replace(source, sequence=blocks), replace(target, sequence=others))
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    document.select_target("t0.0")
    assert "Skip lost: × 0.5 " in panel.formula.text()
    assert "Adds 0.5000 to the total of 2.000." in panel.formula.text()
    document.select_target("t0")
    assert "counted in the score" in panel.formula.text()


def _text_of_parts(panel: InspectorPanel) -> str:
    return panel.formula.text()


@pytest.mark.parametrize("exponent", [0.3, 0.5, 0.8])
def test_the_parts_that_are_shown_add_up_to_the_scores(qtbot: QtBot, exponent: float) -> None:
    document = Document()
    source = network("s", [[C, (8,), (8,)], (10, 8), [C, (16,)]])
    target = network("t", [[C, (8,), (7,), (6,)], [C, (8,)], (5, 8), (9, 8), [C, (12,)]])
    document.open_networks(source, target)
    document.set_options(exponent=exponent)
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    matching = document.matching
    assert matching is not None
    added = 0.0
    for pair in matching.pairs:
        document.select(Selection(pair.source, pair.target))
        lines = _text_of_parts(panel).splitlines()
        factors, _, product = lines[0].partition(" = ")
        shown = 1.0
        for factor in factors.split(" × "):
            top, _, bottom = factor.partition("/")
            shown *= float(top) / float(bottom or 1)
        assert f"{shown:.4f}" == product
        assert panel.score.text().startswith(f"score = {product}")
        added += float(lines[-1].split()[1])
    assert added == pytest.approx(matching.score, abs=1e-3)
    blocks = 0.0
    for entry in matching.entry_pairs:
        at, of = matching.source_entries[entry.source], matching.target_entries[entry.target]
        if of.single:
            blocks += entry.score * entry.span**-exponent
            continue
        document.select(Selection(at.path, of.path))
        lines = _text_of_parts(panel).splitlines()
        terms, _, total = lines[0].partition(" = ")
        assert total == f"{entry.score:.4f}"
        assert _evaluated(terms) == pytest.approx(entry.score, abs=2e-2)
        blocks += float(lines[-1].split()[1])
    assert blocks == pytest.approx(matching.score, abs=1e-3)


def test_two_blocks_that_are_not_matched_show_the_sum_of_their_score(qtbot: QtBot) -> None:
    document = Document()
    source = network("s", [[C, (8,)], [C, (16,), (16,)]])
    document.open_networks(source, network("t", [[C, (8,)], [C, (8,), (12,)], (5, 8)]))
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    matching = document.matching
    assert matching is not None
    assert ("s1", "t0") not in {(pair.source, pair.target) for pair in matching.pairs}
    document.select(Selection("s1", "t0"))
    assert panel.score.text() == "score = 1.5000"
    terms, _, total = _text_of_parts(panel).partition(" = ")
    assert (terms, total) == ("1 + 0.5", "1.5000")
    # A ban leaves the score of the two by themselves as it is.
    document.ban("s1", "t0")
    document.select(Selection("s1", "t0"))
    assert _text_of_parts(panel) == "1 + 0.5 = 1.5000"


def test_a_tiny_score_is_not_called_0(qtbot: QtBot) -> None:
    document = Document()
    document.open_networks(network("s", [(4, 4), (5000, 9000)]), network("t", [(5000, 9000)]))
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    document.select(Selection("s0", "t0"))
    assert panel.score.text() == "score = 3.6e-07"
    assert panel.formula.text() == "4/5000 × 4/9000 = 3.6e-07"


def _evaluated(terms: str) -> float:
    """Work out a sum like ``(1 + 0.8/√2) × 0.5``."""
    inner, _, factor = terms.partition(") × ")
    total = 0.0
    for term in inner.removeprefix("(").split(" + "):
        top, _, under = term.partition("/")
        if under.startswith("√"):
            total += float(top) / float(under[1:]) ** 0.5
        elif under:
            base, _, power = under.partition("^")
            total += float(top) / float(base) ** float(power)
        else:
            total += float(top)
    return total * float(factor or 1)


def test_the_rank_counts_the_sources_that_could_be(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    document.select_target("t0.0")
    _settle(panel, qtbot)
    assert panel.rank.text() == "Rank 1 of 2 possible sources by score alone."
    document.select(Selection("s1.1", "t0.1"))
    _settle(panel, qtbot)
    assert panel.rank.text() == "Rank 2 of 2 possible sources by score alone; first is s0.1 with 1.000."
    document.select_target("t3")
    _settle(panel, qtbot)
    assert panel.rank.text() == "The only source that scores above 0 with this target."
    document.select_target("t0")
    _settle(panel, qtbot)
    assert panel.rank.text().startswith("Rank 1 of 2 possible sources")
    document.select(Selection(None, "t1.2"))
    _settle(panel, qtbot)
    assert not panel.rank.isVisible()


def test_every_tensor_of_the_layer_is_listed_and_can_be_drawn(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    document.select_target("t3")
    _settle(panel, qtbot)
    assert [row.target for row in panel.tensors.rows] == ["t3.weight"]
    assert document.plan is not None
    assert panel.tensors.rows[0] is document.plan.by_target["t3.weight"]
    item = panel.tensors.topLevelItem(0)
    assert item is not None
    assert item.text(2) == "set to 0 (step head)"
    assert panel.drawing.isVisible()
    assert "40 set by a step of the recipe" in panel.covered.text()
    document.set_fresh("t3")
    _settle(panel, qtbot)
    assert "left fresh by hand" in panel.tensors.topLevelItem(0).text(2)  # type: ignore[union-attr]
    assert not panel.drawing.isVisible()


def test_a_block_shows_how_much_of_each_layer_is_covered(
    panel: InspectorPanel, document: Document, qtbot: QtBot
) -> None:
    document.select_target("t2")
    _settle(panel, qtbot)
    rows = [panel.layers.topLevelItem(at) for at in range(panel.layers.topLevelItemCount())]
    assert [item.text(3) for item in rows if item] == ["100 %", "100 %", "0 %"]


PICKED = PlanRow("t.w", (6, 4), "float32", "t", "s.w", (8, 9), ((0, 8), (2, 6)), ((0, 6), (0, 4)),
                 source_picks=((0, 1, 2, 5, 6, 7), None), target_picks=(None, None), scale=1.25)  # fmt: skip


def test_the_drawn_slices_are_those_of_the_plan(qtbot: QtBot) -> None:
    rows = [
        PlanRow("t", (6, 10), "f", "t", "s", (8, 4), ((1, 7), (0, 4)), ((0, 6), (3, 7))),
        PlanRow("t", (12,), "f", "t", "s", (4,), ((0, 4),), ((4, 8),)),
        PICKED,
        PlanRow("t", (4, 4), "f", "t", "s", (4, 4), ((0, 4),) * 2, ((0, 4),) * 2,
                source_picks=(None, (0, 2)), target_picks=(None, (1, 3))),
    ]  # fmt: skip
    for row in rows:
        for side, shape, indices in (
            ("source", row.source_shape, row.source_indices),
            ("target", row.target_shape, row.target_indices),
        ):
            assert shape is not None
            drawn = _drawn(qtbot, row, side)
            taken = [{*one} for one in indices]
            for at, inside in drawn.items():
                assert inside == all(one in picks for one, picks in zip(at, taken, strict=True)), (side, at)


def test_a_position_embedding_is_drawn_by_the_dimensions_that_differ(qtbot: QtBot) -> None:
    flat = PlanRow("t", (6, 10), "f", "t", "s", (8, 4), ((1, 7), (0, 4)), ((0, 6), (3, 7)))
    deep = PlanRow(
        "t", (1, 6, 10), "f", "t", "s", (1, 8, 4), ((0, 1), (1, 7), (0, 4)), ((0, 1), (0, 6), (3, 7))
    )
    images = []
    for row in (flat, deep):
        drawing = CopyDrawing()
        qtbot.addWidget(drawing)
        drawing.resize(300, 120)
        drawing.set_row(row, ())
        images.append(drawing.grab().toImage())
        assert drawing.toolTip() == copy_text(row)
    assert images[0] == images[1]


def _drawn(qtbot: QtBot, row: PlanRow, side: str) -> dict[tuple[int, ...], bool]:
    """Tell of every element of a tensor whether it is drawn as taken, from the pixel at its middle."""
    drawing = CopyDrawing()
    qtbot.addWidget(drawing)
    drawing.resize(900, drawing.sizeHint().height() * 4)
    drawing.set_row(row, ())
    image = drawing.grab().toImage()
    other = drawing.side_box(side)
    shape = row.source_shape if side == "source" else row.target_shape
    assert shape is not None
    full = shape if len(shape) > 1 else (1, *shape)
    found = {}
    for y in range(full[0]):
        for x in range(full[1]):
            where = (other.left() + (x + 0.5) * other.width() / full[1],
                     other.top() + (y + 0.5) * other.height() / full[0])  # fmt: skip
            color = image.pixelColor(round(where[0]), round(where[1]))
            found[(y, x) if len(shape) > 1 else (x,)] = color.blue() - color.red() > 40
    return found


def test_the_slices_that_are_written_are_those_of_the_plan() -> None:
    document = Document()
    document.open_networks(
        network("s", [[(12, 8, 5, 5), (12,)], (10, 6)]), network("t", [[(8, 11, 3, 3), (9,)], (10, 9)])
    )
    assert document.plan is not None
    written = []
    for row in document.plan.rows:
        text = slices_text(row)
        if row.source_shape is None or not text:
            assert row.exact or row.source is None
            continue
        written.append(text)
        source = np.arange(np.prod(row.source_shape)).reshape(row.source_shape)
        target, expected = np.zeros(row.target_shape), np.zeros(row.target_shape)
        expected[np.ix_(*row.target_indices)] = source[np.ix_(*row.source_indices)]
        exec(text, {"target": target, "source": source})
        assert (target == expected).all()
    assert written[0] == "target[:, 1:9] = source[2:10, :, 1:4, 1:4]"


def test_a_banned_pair_says_so(panel: InspectorPanel, document: Document) -> None:
    document.ban("s0.0", "t0.0")
    document.select(Selection("s0.0", "t0.0"))
    assert panel.state.text() == "Conv2d · banned by hand"
    document.ban("s1", "t1")
    document.select(Selection("s1.0", "t1.0"))
    assert panel.state.text() == "Conv2d · banned with their blocks"
    document.select(Selection("s0.0", "t2.0"))
    assert panel.state.text() == "Conv2d · not matched to each other"


def test_rows_of_every_kind_are_told(qtbot: QtBot) -> None:
    assert copy_text(PICKED) == "t.w[0:6, 0:4] = s.w[{0 1 2 5 6 7}, 2:6] × 1.25"
    assert slices_text(PICKED).endswith("× 1.25")
    assert how_text(PICKED) == "by index, × 1.25"
    many = replace(PICKED, source_picks=(tuple(range(1, 8)), None))
    assert "{1 2 … 7: 7 indices}" in copy_text(many)
    constant = PlanRow("t.b", (3,), "float32", "t", constant=4.0, step="squeeze_excite")
    assert copy_text(constant) == "t.b[...] = 4 (step squeeze excite)"
    assert how_text(constant) == "set to 4 (step squeeze excite)"
    drawing = CopyDrawing()
    qtbot.addWidget(drawing)
    for row in (PICKED, constant, many):
        drawing.set_row(row, ())
        for width in (1, 90, 400):
            drawing.resize(width, drawing.sizeHint().height())
            assert not drawing.grab().isNull()


def test_a_block_has_a_runner_up_too(qtbot: QtBot) -> None:
    document = Document()
    document.open_networks(network("s", [[C, (8,)], [C, (7,)]]), network("t", [[C, (8,)]]))
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    document.select_target("t0")
    _settle(panel, qtbot)
    assert panel.runner_up.isVisible()
    assert (panel.runner_up.path.full_text, panel.runner_up.change.text()) == ("s1", "−0.125")
    before = document.matching
    document.ban("s0", "t0")
    assert before is not None
    assert document.matching is not None
    assert cost(document.matching.score - before.score) == "−0.125"
    assert document.selection.source == "s1"
