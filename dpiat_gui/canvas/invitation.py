"""What an empty column shows: how to open a network, or which one is being opened."""

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.style import Style

_TEXTS = {
    Side.SOURCE: (
        "Open a source network",
        "The trained network that gives its weights: one of timm's, a checkpoint, or your own model.",
        "Open source…",
        "Ctrl+O",
    ),
    Side.TARGET: (
        "Open a target network",
        "The network that takes them. Layers it has no match for keep their own initialisation.",
        "Open target…",
        "Ctrl+Shift+O",
    ),
}


_MARGIN, _LOW_MARGIN, _SIDES = 24, 8, 12
_LEAST, _MOST = 76, 280
"""Heights of the frame in pixels."""


class Invitation(QWidget):
    """A dashed frame where a column will be, with what to do to fill it.

    Parameters
    ----------
    side
        The column.
    parent
        The view.
    """

    open_requested = Signal(str)
    """The side to open a network for."""

    demo_requested = Signal()

    def __init__(self, side: Side, parent: QWidget) -> None:
        super().__init__(parent)
        self._side = side
        self._style: Style | None = None
        self._drop = self._loading = self._low = self._bare = False
        title, text, button, keys = _TEXTS[side]
        self.setAccessibleName(title)
        self._title = QLabel(title)
        self._text = QLabel(text)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedHeight(4)
        self._open = QPushButton(button)
        self._open.setToolTip(f"{button.rstrip('…')} ({keys})")
        self._open.clicked.connect(lambda: self.open_requested.emit(side.value))
        self._demo = QPushButton("Try the demo")
        self._demo.clicked.connect(lambda: self.demo_requested.emit())
        self._hint = QLabel(f"{keys}, or drop a file here")
        for label in (self._title, self._text, self._hint):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._arrange()
        self.set_loading("")

    def _arrange(self) -> None:
        self._buttons = buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        centre = Qt.AlignmentFlag.AlignCenter
        buttons.addStretch(1)
        buttons.addWidget(self._open, 0, centre)
        buttons.addWidget(self._demo, 0, centre)
        buttons.addStretch(1)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(_SIDES, _MARGIN, _SIDES, _MARGIN)
        column.setSpacing(10)
        column.addStretch(1)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addWidget(self._busy)
        column.addSpacing(4)
        column.addLayout(buttons)
        column.addWidget(self._hint)
        column.addStretch(1)

    def set_style(self, style: Style) -> None:
        """Take the colours and fonts of a style."""
        self._style = style
        theme = style.theme
        self._title.setFont(style.heading.face.font)
        self._title.setStyleSheet(f"color: {theme.text}; background: transparent;")
        for label, font in ((self._text, style.text.face.font), (self._hint, style.text.face.font)):
            label.setFont(font)
            label.setStyleSheet(f"color: {theme.text_muted}; background: transparent;")
        self._busy.setStyleSheet(
            f"QProgressBar {{ background: {theme.border}; border: none; border-radius: 2px; }}"
            f"QProgressBar::chunk {{ background: {theme.accent}; border-radius: 2px; }}"
        )
        self.update()

    def set_loading(self, name: str) -> None:
        """Say which network is being opened; an empty name invites again."""
        title, text, _, _ = _TEXTS[self._side]
        self._title.setText(f"Opening {name}" if name else title)
        self._text.setText("Reading its structure…" if name else text)
        self._loading = bool(name)
        self._busy.setVisible(self._loading)
        self._open.setVisible(not name)
        self._demo.setVisible(not name and self._side is Side.SOURCE)
        self._show_words()

    def _show_words(self) -> None:
        """Show the explanations where they have room: without them, title and buttons still say it all.

        Where not even the title has room above two buttons, the buttons say it.
        """
        self._title.setVisible(self._loading or not self._bare)
        self._text.setVisible(self._loading or not self._low)
        self._hint.setVisible(not self._loading and not self._low)
        margin = _LOW_MARGIN if self._low else _MARGIN
        self._column.setContentsMargins(_SIDES, margin, _SIDES, margin)

    def set_drop(self, drop: bool) -> None:
        """Show that a file held over this side would be opened here."""
        if drop != self._drop:
            self._drop = drop
            self.update()

    def stand_in(self, room: QRectF) -> None:
        """Stand in the middle of a rectangle of the parent."""
        width = min(room.width(), 380.0)
        height = min(max(room.height() - 24, float(_LEAST)), float(_MOST))
        # Side by side in a narrow column, their words would be cut.
        widths = self._open.sizeHint().width() + self._demo.sizeHint().width() + self._column.spacing()
        stacked = not self._demo.isHidden() and widths > width - 2 * _SIDES
        self._buttons.setDirection(
            QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        )
        rows = 2 if stacked else 1
        low = height < self._needed(round(width), rows, (self._title, self._text, self._hint), _MARGIN)
        bare = height < self._needed(round(width), rows, (self._title,), _LOW_MARGIN)
        if (low, bare) != (self._low, self._bare):
            self._low, self._bare = low, bare
            self._show_words()
        left = room.center().x() - width / 2
        top = room.top() + max((room.height() - height) * 0.4, 0.0)
        self.setGeometry(QRect(round(left), round(top), round(width), round(height)))

    def _needed(self, width: int, rows: int, labels: tuple[QLabel, ...], margin: int) -> int:
        """Return the height of some labels at a width, with so many rows of buttons."""
        spacing = self._column.spacing()
        words = sum(label.heightForWidth(width - 2 * _SIDES) + spacing for label in labels)
        buttons = rows * (self._open.sizeHint().height() + spacing)
        return words + buttons - spacing + 4 + 2 * margin

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame."""
        if self._style is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QPen(self._style.color("accent" if self._drop else "border_strong"), 1.5)
        frame.setStyle(Qt.PenStyle.SolidLine if self._drop else Qt.PenStyle.DashLine)
        painter.setPen(frame)
        painter.setBrush(self._style.color("accent_soft" if self._drop else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)
