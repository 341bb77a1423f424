"""The left pane: the two networks, their outlines and the legend."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSplitter, QToolButton, QVBoxLayout, QWidget

from dpiat_gui.document.document import Document
from dpiat_gui.errors import SourceError
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.values import Network
from dpiat_gui.ui.outline_panel import OutlinePanel
from dpiat_gui.ui.texts import big, plural
from dpiat_gui.ui.widgets import LARGEST, ElidedLabel, fold_button, muted, section

CARD_TITLES = {"source": "Source", "target": "Target"}
NOTHING = {
    "source": "Press Open… or drop a file: the network whose weights are carried over.",
    "target": "Press Open… or drop a file: the network that receives them.",
}


def describe_origin(reference: str) -> str:
    """Return where a network comes from, in a few words: ``timm · pretrained``."""
    try:
        parsed = parse_reference(reference)
    except SourceError:
        return reference
    if parsed.kind == "timm":
        words = ["timm"]
        if parsed.option("pretrained"):
            words.append("pretrained")
        classes = parsed.option("num_classes")
        if classes is not None:
            words.append(f"{classes} classes")
        others = [
            f"{name}={value}" for name, value in parsed.options if name not in ("pretrained", "num_classes")
        ]
        return " · ".join(words + others)
    path = parsed.path
    if parsed.kind == "checkpoint" and path is not None:
        return path.name
    return f"{path.name if path is not None else parsed.name}:{parsed.attribute}"


class NetworkCard(QFrame):
    """Name, size and origin of one network, and a button that opens another."""

    open_requested = Signal()

    def __init__(self, side: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side = side
        self.setObjectName("networkCard")
        # The side comes first and stays; a file's ending is in the tooltip.
        self.origin = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.origin.setProperty("muted", True)
        self.name = ElidedLabel()
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.figures = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self.figures.setProperty("muted", True)
        self.empty = muted(NOTHING[side])
        self.empty.setWordWrap(True)
        self.open = QToolButton()
        self.open.setText("Open…")
        self.open.setAccessibleName(f"Open {side}")
        self.open.setToolTip(f"Open another {side}")
        self.open.setProperty("link", True)
        self.open.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.open.clicked.connect(self.open_requested)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        grid.setHorizontalSpacing(2)
        # The name has a line of its own: of all that stands here it is what must not be cut.
        grid.addWidget(self.origin, 0, 0)
        grid.addWidget(self.open, 0, 1)
        grid.addWidget(self.name, 1, 0, 1, 2)
        grid.addWidget(self.figures, 2, 0, 1, 2)
        grid.addWidget(self.empty, 3, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        self.show_network(None, "")

    def show_network(self, network: Network | None, reference: str, pending: bool = False) -> None:
        """Show a network, one that is still being opened, one that could not be, or none."""
        title = CARD_TITLES[self._side]
        self.empty.setVisible(network is None and not reference)
        self.figures.setVisible(network is not None or bool(reference))
        self.origin.set_full_text(f"{title} · {describe_origin(reference)}" if reference else title)
        if network is None:
            # On a line of its own: a long name is shortened, what became of it is not.
            self.name.set_full_text(_title_of(reference) if reference else "None yet")
            self.figures.set_full_text(("(opening…)" if pending else "(not open)") if reference else "")
        else:
            self.name.set_full_text(network.name)
            self.figures.set_full_text(figures_of(network))
        model = dict(network.tree.details).get("model") if network is not None else None
        told = f"{reference}\nIts tensors are those of {model}." if model else reference
        self.origin.setToolTip(told)
        self.name.setToolTip(told)
        self.setAccessibleName(f"{title}: {self.name.full_text} {self.figures.full_text}")


def _title_of(reference: str) -> str:
    try:
        return parse_reference(reference).title
    except SourceError:
        return reference


def figures_of(network: Network) -> str:
    """Return a network's size: ``4.8 M parameters · 25 entries``."""
    classes = dict(network.tree.details).get("num_classes")
    words = [f"{big(network.parameters)} parameters", plural(len(network.entries), "entry", "entries")]
    if classes:
        words.append(f"{classes} classes")
    return " · ".join(words)


class NetworksPanel(QWidget):
    """Cards, outline and legend, one below the other.

    Parameters
    ----------
    document
        What is shown.
    legend
        The widget of that part.
    """

    open_requested = Signal(str)

    def __init__(self, document: Document, legend: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._pending: Mapping[str, str] = {}
        self.cards = {side: NetworkCard(side) for side in CARD_TITLES}
        self.outline = OutlinePanel(document)
        for side, card in self.cards.items():
            card.open_requested.connect(lambda side=side: self.open_requested.emit(side))
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.addWidget(self.outline)
        parts.addWidget(_Titled("Legend", legend))
        for row, stretch in enumerate((1, 0)):
            parts.setStretchFactor(row, stretch)
        self._parts = parts
        self._share_out()
        self.outline.folded.connect(self._share_out_later)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 6, 8)
        column.setSpacing(8)
        for card in self.cards.values():
            column.addWidget(card)
        column.addSpacing(4)
        column.addWidget(parts, 1)
        document.source_changed.connect(self._show_cards)
        document.target_changed.connect(self._show_cards)

    def _share_out_later(self, _folded: object = None) -> None:
        # The parts know their new limits once the event loop has turned.
        QTimer.singleShot(0, self, self._share_out)

    def _share_out(self) -> None:
        """Give the room to the outline, or to the legend while it is folded."""
        folded = not self.outline.fold.isChecked()
        self._parts.setSizes([1 if folded else 10_000, 10_000 if folded else 1])

    def set_pending(self, pending: Mapping[str, str]) -> None:
        """Show which references are being opened, by side."""
        self._pending = dict(pending)
        self._show_cards()

    def _show_cards(self) -> None:
        document = self._document
        shown = {
            "source": (document.source, document.source_reference),
            "target": (document.target, document.target_reference),
        }
        for side, (network, reference) in shown.items():
            pending = self._pending.get(side, "")
            self.cards[side].show_network(None if pending else network, pending or reference, bool(pending))


class _Titled(QWidget):
    """A part with a title by which it can be folded away."""

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.fold = fold_button(title)
        self.fold.toggled.connect(self._show_content)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.fold)
        head.addWidget(section(title), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(content, 1)

    def _show_content(self, shown: bool) -> None:
        self._content.setVisible(shown)
        self.setMaximumHeight(LARGEST if shown else self.fold.height() + 8)
