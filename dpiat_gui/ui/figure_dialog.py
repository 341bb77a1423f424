"""What a figure should show, asked before it is written."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.services.theme import DARK, LIGHT, Theme
from dpiat_gui.ui.widgets import inset, level_labels, muted

CONTENTS = (
    ("The whole matching, opened as on the canvas", "as_seen"),
    ("The whole matching, blocks only", "collapsed"),
    ("The whole matching with every layer", "expanded"),
    ("What the canvas shows now", "view"),
)
WIDTHS = (
    ("Natural size", None),
    ("One column of a paper, 84 mm", 84.0),
    ("Two columns of a paper, 174 mm", 174.0),
)
THEMES = (("Light, for paper", "light"), ("Dark", "dark"))


@dataclass(frozen=True, slots=True)
class FigureWish:
    """What a figure should be.

    Parameters
    ----------
    content
        Of `CONTENTS`.
    theme
        Its colours.
    legend, title
        Whether there is a legend, and a headline.
    width_mm
        Its width, None for its natural size.
    scale
        Pixels a unit of a PNG of natural size.
    """

    content: str = "as_seen"
    theme: Theme = LIGHT
    legend: bool = True
    title: bool = True
    width_mm: float | None = None
    scale: float = 2.0


class FigureDialog(QDialog):
    """Content, colours, size; the file is asked for afterwards."""

    def __init__(self, wish: FigureWish, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export figure")
        self.content = _choice("What to draw", CONTENTS, wish.content)
        self.theme = _choice("Colours", THEMES, wish.theme.name)
        self.width_mm = _choice("Width", WIDTHS, wish.width_mm)
        self.scale = inset(QDoubleSpinBox())
        self.scale.setRange(0.5, 8.0)
        self.scale.setSingleStep(0.5)
        self.scale.setValue(wish.scale)
        self.scale.setAccessibleName("Scale of a PNG")
        self.scale.setToolTip(
            "Pixels for each pixel at 100 %. A PNG with a given width gets 300 pixels an inch."
        )
        self.legend = QCheckBox("&Legend")
        self.legend.setChecked(wish.legend)
        self.title = QCheckBox("&Names and score above it")
        self.title.setChecked(wish.title)
        form = QFormLayout()
        form.setVerticalSpacing(10)
        form.addRow("&Draw", self.content)
        form.addRow("&Colours", self.theme)
        form.addRow("&Width", self.width_mm)
        form.addRow("&Scale of a PNG", self.scale)
        form.addRow("", self.legend)
        form.addRow("", self.title)
        level_labels(form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.write = buttons.addButton("Choose a file…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.write.setProperty("primary", True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(muted("SVG and PDF stay sharp at any size; in SVG every edge is one path."))
        column.addWidget(buttons)
        self.width_mm.currentIndexChanged.connect(self._show_scale)
        self._show_scale()

    def _show_scale(self) -> None:
        self.scale.setEnabled(self.width_mm.currentData(Qt.ItemDataRole.UserRole) is None)

    @property
    def wish(self) -> FigureWish:
        """What is chosen."""
        return FigureWish(
            self.content.currentData(),
            DARK if self.theme.currentData() == "dark" else LIGHT,
            self.legend.isChecked(),
            self.title.isChecked(),
            self.width_mm.currentData(),
            self.scale.value(),
        )


def _choice(name: str, entries: tuple[tuple[str, object], ...], chosen: object) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for text, value in entries:
        box.addItem(text, value)
    values = [value for _, value in entries]
    box.setCurrentIndex(values.index(chosen) if chosen in values else 0)
    return box
