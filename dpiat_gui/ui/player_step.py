"""A step in words and numbers: what it does, its three candidates side by side, the rules that matter."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from dpiat_gui.services.theme import LIGHT, Theme, label_sizes
from dpiat_gui.ui.dp_table_texts import WORDS
from dpiat_gui.ui.player_texts import RECURRENCE, CardText, cards, headline, notes, what_it_is
from dpiat_gui.ui.widgets import heading, monospaced, muted

if TYPE_CHECKING:
    from dpiat_gui.matching.named_tables import NamedTable
    from dpiat_gui.matching.teaching import Step

_TIPS = (
    "The target stays as it is: the value of the cell above",
    "The source is left out: the value of the cell at the left",
    "The best span of targets that ends here and takes this source: what was before it, and the sum of its "
    "scores divided by a power of its length",
)

_BESIDE = 300
"""The least width in pixels at which three cards beside each other can be read."""


class Card(QFrame):
    """One candidate of a cell; the chosen one has a thick rim and says so.

    Parameters
    ----------
    tip
        What it means, in a sentence.
    """

    def __init__(self, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._chosen = LIGHT, False
        self.title, self.value = QLabel(), heading("")
        self.terms, self.mark = monospaced(QLabel()), muted(small=True)
        self.terms.setProperty("small", True)
        self.setToolTip(tip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.title.setWordWrap(True)
        self.terms.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 7, 8, 7)
        column.setSpacing(2)
        for label in (self.title, self.terms, self.value, self.mark):
            column.addWidget(label)
        column.addStretch(1)

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_text(self, text: CardText) -> None:
        """Show a candidate."""
        self._chosen = text.chosen
        self.title.setText(text.title)
        self.terms.setText("\n= ".join(text.terms))
        self.value.setText(f"= {text.value}")
        self.mark.setText("✓ chosen" if text.chosen else "")
        self.setAccessibleName(text.words)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ground and the rim."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        thick = 2.0 if self._chosen else 1.0
        painter.setPen(QPen(self._theme.color("accent" if self._chosen else "border_strong"), thick))
        painter.setBrush(self._theme.color("accent_soft" if self._chosen else "surface"))
        inset = thick / 2 + 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 6, 6)
        painter.end()


class StepView(QWidget):
    """What a step does, its candidates, and the rules that matter in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = heading("")
        self.title.setToolTip(RECURRENCE)
        self.text = QLabel()
        self.cards = tuple(Card(tip) for tip in _TIPS)
        self.others, self.notes = muted(small=True), QLabel()
        self.others.setToolTip(WORDS["span"])
        self._scale = 1.0
        self._cards = QWidget()
        self._row = QHBoxLayout(self._cards)
        self._row.setContentsMargins(0, 4, 0, 4)
        self._row.setSpacing(6)
        for card, stretch in zip(self.cards, (4, 4, 6), strict=True):
            self._row.addWidget(card, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 2, 8, 6)
        column.setSpacing(4)
        for label in (self.title, self.text, self.others, self.notes):
            label.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for widget in (self.title, self.text, self._cards, self.notes, self.others):
            column.addWidget(widget)
        column.addStretch(1)
        self.setAccessibleName("The step in words")

    def sizeHint(self) -> QSize:
        """Return room for three cards beside each other."""
        return QSize(430, 220)

    def minimumSizeHint(self) -> QSize:
        """Return the least width at which a card can be read."""
        return QSize(160, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the cards beside each other, or below where they cannot be read so."""
        super().resizeEvent(event)
        beside = event.size().width() >= _BESIDE
        self._row.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )

    def set_theme(self, theme: Theme) -> None:
        """Draw with the colours of `theme`."""
        for card in self.cards:
            card.set_theme(theme)
        # The system may have another size of text by now.
        self.setStyleSheet(label_sizes(self._scale) if self._scale > 1 else "")

    def set_scale(self, scale: float) -> None:
        """Write everything so many times larger than usual."""
        # A style sheet takes a while to be applied: not for every pixel of a pane that is drawn larger.
        scale = round(scale, 1)
        if scale != self._scale:
            self._scale = scale
            self.setStyleSheet(label_sizes(scale) if scale > 1 else "")

    def show_step(self, step: "Step", named: "NamedTable", idea: str = "") -> None:
        """Show a step.

        Parameters
        ----------
        step, named
            The step and its table.
        idea
            What an example is there to show; said at its start and its end.
        """
        texts = cards(step, named)
        self.title.setText(headline(step, named))
        words = what_it_is(step, named)
        self.text.setText(f"{idea}\n\n{words}" if idea and not texts else words)
        self._cards.setVisible(bool(texts))
        for card, text in zip(self.cards, texts, strict=False):
            card.show_text(text)
        others = texts[-1].others if texts else ()
        self.others.setText("\n".join(("Other spans that end here:", *others)))
        self.others.setVisible(bool(others))
        self.notes.setText("\n".join(notes(step, named)))
        self.notes.setVisible(bool(self.notes.text()))
