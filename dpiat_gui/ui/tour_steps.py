"""The tours themselves: what each step says, where it points, and when it is done."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton, QScrollArea, QWidget

from dpiat_gui.ui.tour_places import (
    block_of_target,
    button,
    candidate_pin,
    canvas,
    matched_block,
    other_row,
    show_a_block,
    tab,
    widget,
)
from dpiat_gui.ui.tour_values import Tour, TourStep

if TYPE_CHECKING:
    from dpiat_gui.ui.main_window import MainWindow
    from dpiat_gui.ui.player_pane import PlayerPane


def _demo_button(window: "MainWindow") -> QPushButton | None:
    found = (one for one in window.view.findChildren(QPushButton) if one.text() == "Try the demo")
    return next((one for one in found if one.isVisible()), None)


def _is_chosen(window: "MainWindow") -> object:
    return window.document.selection.target == matched_block(window)


def _choose_it(window: "MainWindow") -> None:
    path = matched_block(window)
    if path is not None and not window.document.selection.target:
        window.document.select_target(path)


def _is_transfer_shown(window: "MainWindow") -> object:
    return window.tabs.isVisible() and window.tabs.currentWidget() is window.transfer_page


def _scroll_to(shown: QWidget) -> None:
    """Bring a part of a pane into sight: in a small window it may stand above or below."""
    above = shown.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(shown)
        above = above.parentWidget()


def _health_report(window: "MainWindow") -> object:
    from dpiat_gui.ui.health import HealthFeature

    return next((one.report for one in window.features if isinstance(one, HealthFeature)), None)


def _player(window: "MainWindow") -> "PlayerPane":
    from dpiat_gui.ui.dp_table import DpTableFeature

    return next(one for one in window.features if isinstance(one, DpTableFeature)).player


def _open() -> TourStep:
    return TourStep(
        "Open two networks",
        "The demo has EfficientNet-Lite0 with ImageNet weights as the source, and MobileNetV2 with ten "
        "classes as the target. Press “Try the demo”.",
        widget(_demo_button),
        watch=lambda window: window.document.matching is not None,
        once=True,
    )


def _choose(text: str) -> TourStep:
    return TourStep(
        "Choose a block", text, block_of_target, watch=_is_chosen, skip=_choose_it, prepare=show_a_block
    )


def _first() -> tuple[TourStep, ...]:
    return (
        _open(),
        TourStep(
            "Two networks, side by side",
            "The source stands at the left, the target at the right; every box is a block of layers, or a "
            "single layer. An edge says: this target takes its weights from that source. Its colour is the "
            "score, dashes mean under 0.5, a band means one source for several targets.",
            canvas,
        ),
        _choose("Click the marked block. Its partner is chosen with it, and both come into view."),
        TourStep(
            "Why these two?",
            "The inspector takes the score apart: the ratio of the sizes in every dimension, multiplied. "
            "Further down it lists other partners, and what choosing one of them would cost.",
            widget(lambda window: window.side_tabs),
        ),
        TourStep(
            "Look inside the blocks",
            "Press the marked button: every block opens, and every layer has its own edge.",
            button("Expand all"),
            signal=lambda window: window.commands["expand_all"].triggered,
        ),
        TourStep(
            "What deserves a look",
            "Rows that are unmatched, weak, cropped or reused are counted here. Alt+Down goes to the next "
            "one, Alt+Up back.",
            widget(lambda window: window.status),
        ),
        TourStep(
            "All pairs as a table",
            "The table and the drawing are one: click the marked row. The field above it filters, as in "
            "score<0.5 kind:conv.",
            other_row(lambda window: window.pairs.table),
            signal=lambda window: window.document.selection_changed,
        ),
        TourStep(
            "That is a match",
            "From here: “Correct a pair” shows how to change one, “Transfer and check” how to carry the "
            "weights over. Both are in the Help menu, with “How DPIAT decides”.",
            widget(lambda window: window.menuBar()),
        ),
    )


def _correct() -> tuple[TourStep, ...]:
    return (
        _open(),
        _choose("Click the marked block of the target: we will give it another partner by hand."),
        TourStep(
            "Pin another partner",
            "These source blocks could serve it as well, with what each would change in the total score. "
            "Press the marked “Pin”. Dragging from one row to another on the drawing does the same.",
            candidate_pin,
            signal=lambda window: window.document.overrides_changed,
            aside=widget(lambda window: window.inspector.candidates),
        ),
        TourStep(
            "The rest follows",
            "Your pair is pinned and has a badge; all other pairs were matched again around it, exactly, and "
            "still nothing crosses. Delete forbids a pair, Ctrl+Delete leaves a target fresh.",
            canvas,
        ),
        TourStep(
            "Take it back",
            "Press Undo. Every step can be taken back and made again.",
            button("Undo"),
            signal=lambda window: window.document.overrides_changed,
        ),
        TourStep(
            "Nothing is lost",
            "Ctrl+S keeps networks, corrections and options in a project; what is not saved is kept for the "
            "next start.",
            widget(lambda window: window.menuBar()),
        ),
    )


def _transfer() -> tuple[TourStep, ...]:
    return (
        _open(),
        TourStep(
            "To the transfer",
            "Press the marked button.",
            widget(lambda window: window.toolbar.transfer),
            watch=_is_transfer_shown,
            once=True,
        ),
        TourStep(
            "Where to, and how",
            "The file to write stands here; its ending says the format. Preset, operator and device stand "
            "by it, and how much of the target the source covers.",
            widget(lambda window: window.transfer.output),
            prepare=lambda window: _scroll_to(window.transfer.output),
        ),
        TourStep(
            "Carry the weights over",
            "Press “Run transfer”. The file is written whole or not at all.",
            widget(lambda window: window.transfer.run),
            prepare=lambda window: _scroll_to(window.transfer.run),
            signal=lambda window: window.transferring.running_changed,
            accepts=lambda *values: not values or not values[0],
        ),
        TourStep(
            "Does it behave?",
            "Transferred networks can explode. Open the tab “Health”.",
            tab("health"),
            watch=lambda window: window.pages.is_shown("health"),
            once=True,
        ),
        TourStep(
            "Run a batch through it",
            "Press “Run check”: one batch goes forward and back through the source, the target before, and "
            "the target after.",
            button("Run check"),
            watch=_health_report,
            once=True,
        ),
        TourStep(
            "Read it from left to right",
            "Every layer's scale, the three networks beside each other; what explodes, vanishes or is dead "
            "is listed and marked on the drawing. That is the whole way from match to weights.",
            widget(lambda window: window.tabs),
        ),
    )


def _decides() -> tuple[TourStep, ...]:
    return (
        _open(),
        _choose("Click the marked block: we will see how it came by its partner."),
        TourStep(
            "The table",
            "Open the tab “DP table”.",
            tab("dp-table"),
            watch=lambda window: window.pages.is_shown("dp-table"),
            once=True,
        ),
        TourStep(
            "Every block against every block",
            "A row for each block of the target, a column for each of the source: the brighter, the better "
            "the two fit. Framed cells are the pairs; dotted ones lead from one to the next. This way never "
            "turns back, so edges never cross.",
            widget(lambda window: window.tabs),
        ),
        TourStep(
            "Step by step",
            "Open the tab “Player”.",
            tab("player"),
            watch=lambda window: window.pages.is_shown("player"),
            once=True,
        ),
        TourStep(
            "One cell at a time",
            "Press the marked button: the next cell is filled with the best of three choices, written out "
            "with their numbers. The list above has small examples, each made to show one idea.",
            button("One step on"),
            watch=lambda window: _player(window).controls.at,
            prepare=lambda window: _player(window).play_document(None),
            aside=widget(_player),
        ),
        TourStep(
            "Then the way back",
            "When the table is full, the way back from its last cell reads the pairs out. "
            "Space plays it all.",
            widget(lambda window: window.tabs),
        ),
    )


FIRST = Tour(
    "tour_first",
    "Your first match",
    "Open two networks and read their matching: columns, edges, scores, problems, pairs.",
    _first,
)
CORRECT = Tour(
    "tour_correct",
    "Correct a pair",
    "Pin another partner, see everything else matched again, and take it back.",
    _correct,
)
TRANSFER = Tour(
    "tour_transfer",
    "Transfer and check",
    "Carry the weights over, and see whether the result behaves.",
    _transfer,
)
DECIDES = Tour(
    "tour_decides",
    "How DPIAT decides",
    "See the table of the dynamic program, and play it cell by cell.",
    _decides,
)

TOURS = (FIRST, CORRECT, TRANSFER, DECIDES)
"""In the order of the Help menu."""
