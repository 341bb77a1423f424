"""Parts of the inspector: the list of candidates, a block's layers, a layer's properties."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from os.path import commonprefix
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from dpiat_gui.document.facts import Candidate
from dpiat_gui.networks.titles import format_shape
from dpiat_gui.networks.values import Layer
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font, score_color
from dpiat_gui.ui.pairs_model import dot
from dpiat_gui.ui.texts import cost, percent
from dpiat_gui.ui.widgets import ElidedLabel, monospaced, muted, set_headings

if TYPE_CHECKING:
    from dpiat_gui.transfer.coverage import LayerCoverage

MOST = 6
"""Candidates that are listed."""
_SHOWN_ATTRIBUTES = {
    "kernel_size": "kernel",
    "stride": "stride",
    "padding": "padding",
    "dilation": "dilation",
    "groups": "groups",
}


class CandidateList(QWidget):
    """Other partners: path, score, what a pin would change in the total score, and a button.

    Signals
    -------
    pin_requested : str, str
        Source and target.
    """

    pin_requested = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._candidates: tuple[Candidate, ...] = ()
        self._paths: list[ElidedLabel] = []
        self._scores: list[QLabel] = []
        self._costs: list[QLabel] = []
        self._pins: list[QPushButton] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(0, 1)
        for row in range(MOST):
            self._add_row(grid, row)
        self.set_candidates((), for_target=True)

    def _add_row(self, grid: QGridLayout, row: int) -> None:
        # Candidates differ by their blocks, at the beginning, more than by their layers' names.
        path = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        monospaced(path)
        score, change = QLabel(), muted()
        change.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        pin = QPushButton("Pin")
        pin.setProperty("link", True)
        pin.clicked.connect(lambda: self._on_pin(row))
        for column, widget in enumerate((path, score, change, pin)):
            grid.addWidget(widget, row, column)
        self._paths.append(path)
        self._scores.append(score)
        self._costs.append(change)
        self._pins.append(pin)

    def set_candidates(self, candidates: Sequence[Candidate], *, for_target: bool) -> None:
        """Show other candidates; `for_target` tells whether they are sources or targets."""
        self._candidates = tuple(candidates[:MOST])
        paths = [one.source if for_target else one.target for one in self._candidates]
        shared = _shared(paths)
        for row in range(MOST):
            shown = row < len(self._candidates)
            for widget in (self._paths[row], self._scores[row], self._costs[row], self._pins[row]):
                widget.setVisible(shown)
            if shown:
                candidate = self._candidates[row]
                self._paths[row].set_full_text(paths[row], shared)
                self._scores[row].setText(_short(candidate.score))
                self._scores[row].setToolTip(f"Score of {candidate.source} → {candidate.target} by itself")
                self._costs[row].setText("…")
                self._pins[row].setEnabled(True)
                self._pins[row].setToolTip(f"Pin {candidate.source} to {candidate.target}")
                self._pins[row].setAccessibleName(f"Pin {candidate.source} to {candidate.target}")

    def set_cost(self, row: int, change: float | None, reason: str = "") -> None:
        """Show what pinning a candidate would change in the total score, or why it cannot be pinned."""
        impossible = change is None
        self._costs[row].setText("cannot" if change is None else cost(change))
        self._costs[row].setToolTip(reason or "Change of the total score with this pin")
        self._pins[row].setEnabled(not impossible)
        if reason:
            self._pins[row].setToolTip(reason)

    def _on_pin(self, row: int) -> None:
        if row < len(self._candidates):
            self.pin_requested.emit(self._candidates[row].source, self._candidates[row].target)


class RunnerUp(QWidget):
    """What the target would get without its pair, what that costs, and a button that pins it.

    Signals
    -------
    pin_requested : str, str
        Source and target.
    """

    pin_requested = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pair = ("", "")
        self.path = monospaced(ElidedLabel(mode=Qt.TextElideMode.ElideRight))
        self.change = muted()
        self.change.setToolTip("Change of the total score if the selected pair is banned")
        self.pin = QPushButton("Pin")
        self.pin.setProperty("link", True)
        self.pin.clicked.connect(lambda: self.pin_requested.emit(*self._pair))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.path, 1)
        row.addWidget(self.change)
        row.addWidget(self.pin)

    def show_other(self, source: str | None, target: str, text: str, change: str) -> None:
        """Show another source of a target, None if it would stay fresh."""
        self._pair = (source or "", target)
        self.path.set_full_text(text)
        self.change.setText(change)
        self.pin.setVisible(source is not None)
        self.pin.setToolTip(f"Pin {source} to {target}")
        self.pin.setAccessibleName(f"Pin the runner-up {source} to {target}")
        self.setAccessibleName(f"Runner-up: {text}, {change} in total score")


class LayerList(QTreeWidget):
    """The layers of a matched block: target, source and score; a click selects the layer.

    Signals
    -------
    layer_chosen : str, str
        Paths of source and target, ``""`` for a side that is missing.
    """

    layer_chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.setAccessibleName("Layers of the block")
        # Four columns in a narrow pane: what air is saved goes to the names.
        self.setProperty("dense", True)
        set_headings(
            self,
            {
                "Target": "Layers of the target's block",
                "Source": "The layer of the source that each takes from",
                "Score": "How well the two fit, from 0 to 1",
                "Covered": "Share of its elements that come from the source",
            },
        )
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        for column in (2, 3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`; the rows follow with the next `set_rows`."""
        self._theme = theme

    def set_rows(
        self, rows: Sequence[tuple[str, str, float | None]], source_block: str, target_block: str
    ) -> None:
        """Show rows of (source, target, score); paths are shown without their block's."""
        self.clear()
        for source, target, score in rows:
            texts = [_inside(target, target_block), _inside(source, source_block)]
            item = QTreeWidgetItem([*texts, "" if score is None else f"{score:.3f}"])
            item.setData(0, Qt.ItemDataRole.UserRole, (source, target))
            for column, path in enumerate((target, source)):
                item.setFont(column, fixed_font())
                item.setToolTip(column, path)
            if score is not None:
                item.setData(2, Qt.ItemDataRole.DecorationRole, dot(score_color(score, self._theme).name()))
            else:
                for column in range(4):
                    item.setForeground(column, self._theme.color("text_muted"))
            item.setFont(2, fixed_font())
            item.setTextAlignment(3, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.addTopLevelItem(item)
        row_height = self.sizeHintForRow(0) if rows else 0
        self.setFixedHeight(self.header().sizeHint().height() + row_height * len(rows) + 4)

    def set_coverage(self, layers: "Mapping[str, LayerCoverage]") -> None:
        """Show how much of each target layer comes from the source, by its path."""
        for at in range(self.topLevelItemCount()):
            item = self.topLevelItem(at)
            covered = layers.get(item.data(0, Qt.ItemDataRole.UserRole)[1]) if item is not None else None
            if item is not None and covered is not None and covered.elements:
                item.setText(3, percent(covered.fraction))
                set_text = f", {covered.set_elements:,} set by a step" if covered.set_elements else ""
                item.setToolTip(3, f"{covered.copied:,} of {covered.elements:,} elements{set_text}")

    def _choose(self, item: QTreeWidgetItem) -> None:
        source, target = item.data(0, Qt.ItemDataRole.UserRole)
        self.layer_chosen.emit(source, target)


class LayerFacts(QWidget):
    """What two layers are, side by side: class, weight, parameters, kernel, stride, groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        self._labels: list[tuple[QLabel, ElidedLabel, ElidedLabel]] = []

    def set_layers(self, source: Layer | None, target: Layer | None) -> None:
        """Show two layers, or one alone."""
        rows = layer_rows(source, target)
        while len(self._labels) < len(rows):
            labels = muted(small=True), ElidedLabel(), ElidedLabel()
            for column, label in enumerate(labels):
                label.setProperty("small", True)
                self._grid.addWidget(label, len(self._labels), column)
            self._labels.append(labels)
        for at, labels in enumerate(self._labels):
            texts = rows[at] if at < len(rows) else ("", "", "")
            labels[0].setText(texts[0])
            labels[1].set_full_text(texts[1])
            labels[2].set_full_text(texts[2])
            for label in labels:
                label.setVisible(at < len(rows))
        # One alone has the whole width.
        self._grid.setColumnStretch(1, 0 if source is None and target is not None else 1)
        self._grid.setColumnStretch(2, 0 if target is None and source is not None else 1)


def layer_rows(source: Layer | None, target: Layer | None) -> list[tuple[str, str, str]]:
    """Return rows of (name, of the source, of the target); what neither has is left out."""

    def row(name: str, told: Callable[[Layer], str]) -> tuple[str, str, str]:
        return name, told(source) if source else "", told(target) if target else ""

    rows = [
        ("", "source" if source else "", "target" if target else ""),
        row("class", lambda layer: layer.class_name),
        row("weight", lambda layer: format_shape(layer.shape)),
        row("parameters", lambda layer: f"{layer.parameters:,}"),
    ]
    for name, shown in _SHOWN_ATTRIBUTES.items():
        rows.append(row(shown, partial(_attribute_text, name=name)))
    return [row for row in rows if row[1] or row[2]]


def _attribute_text(layer: Layer, name: str) -> str:
    value = layer.attribute(name)
    if value is None:
        return ""
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _short(score: float) -> str:
    if 0 < score < 0.0005:
        return "<0.001"
    return f"{score:.2f}" if score >= 0.095 else f"{score:.3f}"


def _shared(paths: Sequence[str]) -> int:
    """Return the length of what all of several paths begin with, up to a dot."""
    return commonprefix(paths).rfind(".") + 1 if len(paths) > 1 else 0  # noqa: RUF071 - cut at a dot


def _inside(path: str, block: str) -> str:
    return path.removeprefix(f"{block}.") if path else "–"
