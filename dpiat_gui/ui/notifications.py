"""Messages that do not stop the work: bars above the canvas, each with what to do next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.errors import DpiatError

INFO_SECONDS = 8
MOST_BARS = 3


class Severity(Enum):
    """How grave a message is; the style sheet colours the bar by it."""

    INFO = "info"
    SUCCESS = "ok"
    WARNING = "warning"
    ERROR = "error"


MARKS = {Severity.INFO: "i", Severity.SUCCESS: "✓", Severity.WARNING: "!", Severity.ERROR: "!"}


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to the person.

    Parameters
    ----------
    severity
        How grave it is; information goes away by itself.
    message
        What happened, one sentence.
    hint
        What to do next.
    details
        Technical text shown on demand.
    actions
        (label, what to do) of buttons on the bar.
    key
        Messages with the same key replace one another.
    """

    severity: Severity
    message: str
    hint: str = ""
    details: str = ""
    actions: tuple[tuple[str, Callable[[], object]], ...] = ()
    key: str = ""


class NotificationBar(QFrame):
    """One message with its hint, details and actions."""

    dismissed = Signal()

    def __init__(self, notification: Notification, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notification = notification
        self.setObjectName("notification")
        self.setProperty("notice", notification.severity.value)
        self.setAccessibleName(f"{notification.severity.value}: {notification.message} {notification.hint}")
        mark = QLabel(MARKS[notification.severity])
        mark.setProperty("state", notification.severity.value)
        mark.setProperty("heading", True)
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark.setFixedSize(QSize(20, 20))
        text = QLabel(notification.message)
        hint = QLabel(notification.hint)
        hint.setProperty("muted", True)
        if not notification.hint:
            # Only hidden, never shown here: without a parent yet, it would come up as a window of its own.
            hint.hide()
        for label in (text, hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(text)
        words.addWidget(hint)
        row = QHBoxLayout()
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        for label_text, run in notification.actions:
            row.addWidget(self._action_button(label_text, run))
        self._details = self._details_view(row)
        row.addWidget(self._close_button(), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 4, 4)
        column.addLayout(row)
        column.addWidget(self._details)

    def _action_button(self, text: str, run: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(lambda: run())
        return button

    def _details_view(self, row: QHBoxLayout) -> QPlainTextEdit:
        view = QPlainTextEdit(self.notification.details)
        view.setReadOnly(True)
        view.setFixedHeight(120)
        view.setAccessibleName("Details")
        view.hide()
        if self.notification.details:
            toggle = QPushButton("Details")
            toggle.setCheckable(True)
            toggle.toggled.connect(view.setVisible)
            row.addWidget(toggle)
        return view

    def _close_button(self) -> QToolButton:
        button = QToolButton()
        button.setText("✕")
        button.setAutoRaise(True)
        button.setAccessibleName("Dismiss the message")
        button.setToolTip("Dismiss (Esc)")
        button.clicked.connect(self.dismiss)
        return button

    def dismiss(self) -> None:
        """Take the bar away."""
        self.hide()
        self.dismissed.emit()
        self.deleteLater()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Esc take the bar away while the focus is on it."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)


class NotificationArea(QWidget):
    """The bars that are up, newest first; takes no room while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(8, 6, 8, 6)
        self._column.setSpacing(4)
        self.hide()
        self._bars: list[NotificationBar] = []

    @property
    def shown(self) -> Sequence[Notification]:
        """The messages that are up, newest first."""
        return [bar.notification for bar in self._bars]

    def show_notification(self, notification: Notification) -> NotificationBar:
        """Put a message up; the oldest goes when there are too many."""
        for bar in [
            bar for bar in self._bars if notification.key and bar.notification.key == notification.key
        ]:
            bar.dismiss()
        bar = NotificationBar(notification)
        bar.dismissed.connect(self._forget_sender)
        self._bars.insert(0, bar)
        self.show()
        self._column.insertWidget(0, bar)
        for old in list(self._bars[MOST_BARS:]):
            old.dismiss()
        if notification.severity in (Severity.INFO, Severity.SUCCESS) and not notification.actions:
            QTimer.singleShot(INFO_SECONDS * 1000, bar, bar.dismiss)
        QAccessible.updateAccessibility(QAccessibleEvent(bar, QAccessible.Event.Alert))
        return bar

    def inform(
        self,
        message: str,
        hint: str = "",
        *,
        actions: tuple[tuple[str, Callable[[], object]], ...] = (),
        key: str = "",
    ) -> None:
        """Put information up that goes away by itself."""
        self.show_notification(Notification(Severity.INFO, message, hint, "", actions, key))

    def show_error(
        self, error: DpiatError, *, actions: tuple[tuple[str, Callable[[], object]], ...] = (), key: str = ""
    ) -> None:
        """Put an error up with its hint; its cause is shown on demand."""
        self.show_notification(
            Notification(Severity.ERROR, error.message, error.hint, error_details(error), actions, key)
        )

    def show_crash(self, line: str, trace: str) -> None:
        """Say that something went wrong that nobody foresaw."""
        hint = "The window goes on; save your project. The details help whoever mends it."
        self.show_notification(
            Notification(Severity.ERROR, f"Something unforeseen went wrong: {line}", hint, trace, key="crash")
        )

    def dismiss_all(self, key: str = "") -> None:
        """Take every message away, or those with a key."""
        for bar in list(self._bars):
            if not key or bar.notification.key == key:
                bar.dismiss()

    def _forget_sender(self) -> None:
        bar = self.sender()
        if bar in self._bars:
            self._bars.remove(bar)
        self.setVisible(bool(self._bars))


def error_details(error: DpiatError) -> str:
    """Return the technical side of an error: its trace from the engine, or its cause."""
    trace = getattr(error, "trace", "")
    if trace:
        return str(trace)
    cause = error.__cause__
    return f"{type(cause).__name__}: {cause}" if cause is not None else ""
