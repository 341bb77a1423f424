"""Small widgets that several panes share."""

from collections.abc import Mapping
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QFontInfo, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.services.theme import LIGHT, Theme, fixed_font, score_color

LARGEST = 16_777_215
"""Qt's word for no limit of a height."""

_Role = QFormLayout.ItemRole
Label = TypeVar("Label", bound=QLabel)
Number = TypeVar("Number", bound=QAbstractSpinBox)


class ElidedLabel(QLabel):
    """One line that leaves out its middle where room is short; the tooltip has all of it."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__(parent)
        self._full = ""
        self._shared = self._whole = 0
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_full_text(text)

    @property
    def full_text(self) -> str:
        """The whole text, shown or not."""
        return self._full

    def set_full_text(self, text: str, shared: int = 0, whole: int = 0) -> None:
        """Show `text`, shortened to the width there is.

        Parameters
        ----------
        text
            All of it.
        shared
            How many characters at the beginning tell it from nothing beside it: these are left out first.
        whole
            How many at the beginning are never cut, of a number say: there is room for them, and where
            there is no more they stand alone.
        """
        self._full, self._shared, self._whole = text, shared, whole
        self.updateGeometry()
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten to the new width."""
        super().resizeEvent(event)
        self._elide()

    def minimumSizeHint(self) -> QSize:
        """Return the height of one line; any width will do, but for what is never cut."""
        least = self.fontMetrics().horizontalAdvance(self._full[: self._whole])
        around = self.width() - self.contentsRect().width()
        return QSize(max(least + around, 20), super().minimumSizeHint().height())

    def _elide(self) -> None:
        width, metrics, text = max(self.contentsRect().width(), 20), self.fontMetrics(), self._full
        if self._shared and metrics.horizontalAdvance(text) > width:
            text = f"…{text[self._shared :]}"
        shown = metrics.elidedText(text, self._mode, width)
        super().setText(self._full[: self._whole] if shown != text and self._whole >= len(shown) else shown)


def heading(text: str) -> QLabel:
    """Return a heading inside a pane."""
    label = QLabel(text)
    label.setProperty("heading", True)
    return label


def section(text: str) -> QLabel:
    """Return a bold line that opens a part of a pane."""
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def muted(text: str = "", *, small: bool = False) -> QLabel:
    """Return a label for what matters less."""
    label = QLabel(text)
    label.setProperty("muted", True)
    label.setProperty("small", small)
    return label


def monospaced(label: Label) -> Label:
    """Give the label the fixed-width font, for paths and shapes."""
    label.setFont(fixed_font())
    return label


def inset(field: Number) -> Number:
    """Keep a number off the left edge of its field.

    Qt puts the line of a styled spin box at the very edge, whatever padding the style sheet asks for.
    """
    field.lineEdit().setTextMargins(round(0.4 * field.fontMetrics().height()), 0, 0, 0)
    return field


def level_labels(form: QFormLayout) -> None:
    """Let every label of a form stand on the line of its field; Qt puts it higher beside a tall one."""
    for row in range(form.rowCount()):
        items = (form.itemAt(row, role) for role in (_Role.LabelRole, _Role.FieldRole))
        label, field = (item.widget() if item is not None else None for item in items)
        if label is not None and field is not None:
            label.setMinimumHeight(field.sizeHint().height())


def primary(text: str) -> QPushButton:
    """Return the button of the main thing to do."""
    button = QPushButton(text)
    button.setProperty("primary", True)
    return button


def hand_over(hidden: QWidget, shown: QWidget) -> None:
    """Put one button in the place of another, and the keyboard with it if it was there.

    Hidden or disabled first, Qt would send the keyboard to whatever comes next, in another pane perhaps.
    """
    shown.show()
    if hidden.hasFocus() or hidden.property("held"):
        shown.setFocus(Qt.FocusReason.OtherFocusReason)
    hidden.setProperty("held", False)
    hidden.hide()


def disable_for_now(button: QWidget) -> None:
    """Disable a button whose place another takes soon, by `hand_over`, which gives the keyboard back."""
    button.setProperty("held", button.hasFocus())
    button.setEnabled(False)


def set_state(widget: QWidget, name: str, value: object) -> None:
    """Set a property the style sheet looks at, and let it look again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def fold_button(title: str) -> QToolButton:
    """Return the small arrow that folds a part of a pane away; it is down while the part is shown."""
    button = QToolButton()
    button.setCheckable(True)
    button.setChecked(True)
    button.setArrowType(Qt.ArrowType.DownArrow)
    button.setAutoRaise(True)
    button.setProperty("fold", True)
    button.setFixedSize(20, 20)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(f"Show {title.lower()}")
    button.setToolTip(f"Fold {title.lower()} away, or show it")
    button.toggled.connect(
        lambda shown: button.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
    )
    return button


def set_headings(tree: QTreeWidget, headings: Mapping[str, str]) -> None:
    """Give a list its headings, each with the sentence that its tooltip says."""
    tree.setHeaderLabels(list(headings))
    for column, tip in enumerate(headings.values()):
        tree.headerItem().setToolTip(column, tip)


LARGE_TEXT = 16
"""Pixels from which text is large: 12 points on a usual screen."""


def scrolling(content: QWidget) -> QScrollArea:
    """Return a frameless area that scrolls `content` up and down; across too where its text is large.

    The wheel changes a choice or a number in it only after a click or a key has gone there.
    """
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    # Panes are made for usual text: a bar there would stand for a pixel or two.
    across = QFontInfo(content.font()).pixelSize() >= LARGE_TEXT
    policy = Qt.ScrollBarPolicy
    area.setHorizontalScrollBarPolicy(policy.ScrollBarAsNeeded if across else policy.ScrollBarAlwaysOff)
    area.setWidget(content)
    wheel = WheelToScroll(area)
    for kind in (QComboBox, QAbstractSpinBox):
        for field in content.findChildren(kind):
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.installEventFilter(wheel)
    return area


class WheelToScroll(QObject):
    """Leaves the wheel over a field that has not the keyboard to the area that the field is in."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the wheel from a field that is only passed."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def empty_page(words: QWidget, button: QWidget) -> QWidget:
    """Return the page that stands for an empty table: words, and what to press, above the middle."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.addStretch(1)
    column.addWidget(words, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addStretch(2)
    return page


class CoverageBar(QWidget):
    """A bar of three parts: what is copied whole, what in part, and what stays fresh.

    The parts differ in pattern as well as in colour: filled, and filled to their share.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._covered = 0.0
        self._theme = LIGHT
        self.setFixedHeight(10)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.update()

    def set_covered(self, fraction: float) -> None:
        """Show the share of the target's elements that come from the source."""
        self._covered = fraction
        self.setAccessibleName(f"{fraction:.0%} of the target covered")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("border"))
        radius = self.height() / 2
        painter.drawRoundedRect(self.rect(), radius, radius)
        width = round(self.width() * self._covered)
        if width:
            painter.setBrush(score_color(1.0, self._theme))
            painter.setClipRect(0, 0, width, self.height())
            painter.drawRoundedRect(self.rect(), radius, radius)
        painter.end()
