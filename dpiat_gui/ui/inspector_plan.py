"""What the plan does to the tensors of a layer: a row each, in words."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from dpiat_gui.networks.values import Layer
from dpiat_gui.services.theme import LIGHT, Theme, fixed_font
from dpiat_gui.transfer.values import Indices, PlanRow, TransferPlan
from dpiat_gui.ui.texts import big
from dpiat_gui.ui.widgets import set_headings

_WIDEST = 112
"""Pixels of a tensor's name, at most, where the other columns need the rest."""
_SHORT = 6
"""Indices that are listed one by one; of more, only how many there are."""


class TensorList(QTreeWidget):
    """The tensors of a target layer: how much of each is copied, and how; one is chosen for the drawing.

    Signals
    -------
    row_chosen : object
        The `PlanRow` of the tensor.
    """

    row_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._rows: tuple[PlanRow, ...] = ()
        self.setAccessibleName("Tensors of the layer")
        # Three columns in a narrow pane: what air is saved goes to the words.
        self.setProperty("dense", True)
        set_headings(
            self,
            {
                "Tensor": "The target's tensors: its weight, its bias, and what else the layer holds",
                "Copied": "How many of its elements come from the source",
                "How": "Whether it is copied whole, cut to fit, or with a rim that stays fresh",
            },
        )
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.currentItemChanged.connect(self._choose)

    @property
    def rows(self) -> tuple[PlanRow, ...]:
        """What is listed."""
        return self._rows

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`; the rows follow with the next `set_rows`."""
        self._theme = theme

    def set_rows(self, rows: Sequence[PlanRow]) -> None:
        """List the rows of a layer's tensors, and choose the first that anything happens to."""
        self.blockSignals(True)
        self.clear()
        self._rows = tuple(rows)
        for row in rows:
            item = QTreeWidgetItem([row.target.rpartition(".")[2], amount_text(row), how_text(row)])
            item.setFont(0, fixed_font())
            for column in range(3):
                item.setToolTip(column, copy_text(row))
                if row.fresh is not None:
                    item.setForeground(column, self._theme.color("text_muted"))
            self.addTopLevelItem(item)
        chosen = next((at for at, row in enumerate(rows) if row.copied or row.set), 0)
        first = self.topLevelItem(chosen)
        if first is not None:
            self.setCurrentItem(first)
        self.blockSignals(False)
        others = sum(max(self.sizeHintForColumn(at), self.header().sectionSizeHint(at)) for at in (1, 2))
        room = max(self.viewport().width() - others, _WIDEST)
        self.setColumnWidth(0, min(self.sizeHintForColumn(0), room))
        height = self.sizeHintForRow(0) if rows else 0
        self.setFixedHeight(self.header().sizeHint().height() + height * len(rows) + 4)
        self.setVisible(bool(rows))
        self._choose()

    def _choose(self, *_: object) -> None:
        at = self.currentIndex().row()
        if 0 <= at < len(self._rows):
            self.row_chosen.emit(self._rows[at])


def rows_of(layer: Layer | None, plan: TransferPlan | None) -> tuple[PlanRow, ...]:
    """Return what the plan does to each tensor of a target layer."""
    if layer is None or plan is None:
        return ()
    found = (plan.by_target.get(tensor.key) for tensor in layer.tensors)
    return tuple(row for row in found if row is not None)


def amount_text(row: PlanRow) -> str:
    """Return how much of a tensor is copied: ``24.6 k of 24.6 k``; a dash where nothing is."""
    if row.constant is not None or row.source is None:
        return "–"
    return f"{big(row.copied)} of {big(row.elements)}"


def how_text(row: PlanRow) -> str:
    """Say in a few words what happens to a tensor."""
    if row.constant is not None:
        return f"set to {row.constant:g}{_step(row)}"
    if row.source is None:
        if row.fresh is None:
            return "fresh"
        prefix = "" if "fresh" in row.fresh.value else "fresh: "
        return f"{prefix}{row.fresh.value}{_step(row)}"
    if row.source_picks or row.target_picks:
        words = "by index"
    elif row.exact:
        words = "whole"
    elif row.padded and row.cropped:
        words = "cut, rim fresh"
    else:
        words = "rim fresh" if row.padded else "cut" if row.cropped else "whole"
    return f"{words}, × {row.scale:.3g}" if row.scale != 1.0 else words


def _step(row: PlanRow) -> str:
    return f" (step {row.step.replace('_', ' ')})" if row.step else ""


def copy_text(row: PlanRow) -> str:
    """Say a row of the plan in words, with its indices."""
    if row.constant is not None:
        return f"{row.target}[...] = {row.constant:g}{_step(row)}"
    if row.source is None:
        return f"{row.target} stays fresh: {row.fresh.value if row.fresh else 'nothing is copied'}."
    scale = f" × {row.scale:g}" if row.scale != 1.0 else ""
    return f"{row.target}[{_ranges(row.target_indices)}] = {row.source}[{_ranges(row.source_indices)}]{scale}"


def slices_text(row: PlanRow) -> str:
    """Return which part goes where, as one would write it: ``target[7:113] = source[:, 21:549]``.

    Nothing for what is copied whole, is fresh, or is set to one value.
    """
    if row.source is None or row.source_shape is None or row.exact:
        return ""
    scale = f" × {row.scale:.3g}" if row.scale != 1.0 else ""
    target = _parts(row.target_indices, row.target_shape)
    return f"target[{target}] = source[{_parts(row.source_indices, row.source_shape)}]{scale}"


def _parts(all_indices: Iterable[Indices], shape: Sequence[int]) -> str:
    """Return indices with a colon for a whole dimension; those at the end are left out, as in NumPy."""
    parts = [
        ":" if indices == range(size) else _range(indices)
        for indices, size in zip(all_indices, shape, strict=True)
    ]
    while len(parts) > 1 and parts[-1] == ":":
        parts.pop()
    return ", ".join(parts)


def _ranges(all_indices: Iterable[Indices]) -> str:
    return ", ".join(_range(indices) for indices in all_indices) or "..."


def _range(indices: Indices) -> str:
    if isinstance(indices, range):
        return f"{indices.start}:{indices.stop}"
    if len(indices) <= _SHORT:
        return f"{{{' '.join(map(str, indices))}}}"
    return f"{{{indices[0]} {indices[1]} … {indices[-1]}: {len(indices)} indices}}"
