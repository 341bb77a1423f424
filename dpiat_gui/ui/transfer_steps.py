"""The recommended steps in the transfer pane: a switch for each, and how many tensors it touches."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.networks.folders import expanded
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.ui.widgets import muted, section, set_state

SWITCHES: Mapping[str, tuple[str, str]] = {
    "repeats": (
        "Repeated &blocks begin as identity",
        "Where one source block serves several target blocks, all but the first pass their input on "
        "unchanged at first: their last norm is set to 0.",
    ),
    "squeeze_excite": (
        "New s&queeze-excites begin open",
        "A squeeze-excite that the source block does not have lets 98 % of everything through at first.",
    ),
}
"""Text and tooltip of the steps that are on or off."""

CHOICES: Mapping[str, tuple[str, str, Mapping[str, tuple[str, str]]]] = {
    "head": (
        "&Classifier",
        "How the last layer begins; one of zeros trains faster than a cut or a random one.",
        {
            "auto": ("0 if classes differ", "Zeros, unless source and target have as many classes."),
            "zero": ("always 0", "Zeros, even for as many classes: they may mean other things."),
            "copy": ("as copied", "Cut to fit, as every layer is."),
        },
    ),
    "neck": (
        "&Last norm",
        "How the norm before a classifier of zeros begins; before one that is copied, it is left alone.",
        {
            "auto": ("bias 0 if cut", "Its bias is 0, unless the whole norm comes from the source."),
            "zero-bias": ("bias 0", "Its bias is 0."),
            "fresh": (
                "left fresh",
                "It keeps its own initialisation, and so does the convolution before it.",
            ),
            "keep": ("as copied", "Cut to fit, as every layer is."),
        },
    ),
}
"""Label, tooltip and choices of the steps that have several."""

CALIBRATE_TIP = (
    "The running statistics of all batch norms are estimated anew on about 200 images of this folder, after "
    "the transfer; no labels are needed."
)
CHECKPOINT_TIP = (
    "A checkpoint holds no code that could be run on images: to calibrate, open the model itself."
)


class TransferSteps(QWidget):
    """Shows which steps are on and what they touch; edits nothing by itself.

    Signals
    -------
    option_chosen : str, object
        Name and value of an option of the transfer.
    """

    option_chosen = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Recommended steps")
        self.switches = {name: QCheckBox(text) for name, (text, _) in SWITCHES.items()}
        self.boxes = {name: _box(choices) for name, (_, _, choices) in CHOICES.items()}
        self.counts = {name: muted() for name in (*SWITCHES, *CHOICES, "calibrate")}
        self.folder = QLineEdit()
        self.folder.setPlaceholderText("No images")
        self.folder.setClearButtonEnabled(True)
        self.folder.setAccessibleName("Folder of images to calibrate on")
        self.choose = QPushButton("…")
        self.choose.setFixedWidth(48)
        self.choose.setAccessibleName("Choose the folder of images")
        self.choose.setToolTip("Choose the folder of images")
        self.notes = muted(small=True)
        self.notes.setWordWrap(True)
        self.notes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.notes.hide()
        self._told = ""
        self._runs = True
        self._lay_out()
        self._connect()
        self.set_counts({}, ())
        self._show_folder()

    # -- building ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        row = 0
        for name, (_, tip) in SWITCHES.items():
            self.switches[name].setToolTip(tip)
            grid.addWidget(self.switches[name], row, 0, 1, 2)
            row += 1
        for name, (text, tip, _) in CHOICES.items():
            label = QLabel(text)
            label.setBuddy(self.boxes[name])
            label.setToolTip(tip)
            self.boxes[name].setToolTip(tip)
            self.boxes[name].setAccessibleName(text.replace("&", ""))
            grid.addWidget(label, row, 0)
            grid.addWidget(self.boxes[name], row, 1)
            row += 1
        label = QLabel("C&alibrate on")
        label.setBuddy(self.folder)
        label.setToolTip(CALIBRATE_TIP)
        place = QHBoxLayout()
        place.setSpacing(6)
        place.addWidget(self.folder, 1)
        place.addWidget(self.choose)
        grid.addWidget(label, row, 0)
        grid.addLayout(place, row, 1)
        for at, count in enumerate(self.counts.values()):
            count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(count, at, 2)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(section("Recommended steps"))
        column.addLayout(grid)
        column.addWidget(self.notes)
        column.addStretch(1)

    def _connect(self) -> None:
        for name, switch in self.switches.items():
            switch.clicked.connect(partial(self._on_switch, name))
        for name, box in self.boxes.items():
            box.activated.connect(partial(self._on_choice, name))
        self.folder.editingFinished.connect(self._on_folder)
        self.folder.textChanged.connect(self._on_folder_text)
        self.choose.clicked.connect(self._on_choose)

    def _on_switch(self, name: str, *_: object) -> None:
        self.option_chosen.emit(name, self.switches[name].isChecked())

    def _on_choice(self, name: str, *_: object) -> None:
        self.option_chosen.emit(name, self.boxes[name].currentData())

    def _on_folder(self) -> None:
        text = self.folder.text().strip()
        chosen = str(expanded(text).absolute()) if text else ""
        if chosen != self._told:
            self.option_chosen.emit("calibrate", chosen)

    def _on_folder_text(self, text: str) -> None:
        # The button that clears the field gives no sign that editing has ended.
        if not text:
            self._on_folder()

    def _on_choose(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Calibrate on the images in", self._told)
        if chosen:
            self.option_chosen.emit("calibrate", chosen)

    # -- showing -----------------------------------------------------------------------------

    def set_options(self, options: TransferOptions) -> None:
        """Show which steps are on; nothing is emitted."""
        for name, switch in self.switches.items():
            switch.setChecked(bool(getattr(options, name)))
        for name, box in self.boxes.items():
            box.setCurrentIndex(box.findData(getattr(options, name)))
        self._told = options.calibrate
        if self.folder.text() != options.calibrate:
            self.folder.setText(options.calibrate)
        # With a copied classifier there is nothing before it to treat.
        self.boxes["neck"].setEnabled(self.isEnabled() and options.head != "copy")
        self._show_folder()

    def set_counts(self, counts: Mapping[str, int], notes: Sequence[str]) -> None:
        """Show how many tensors of the present plan each step touches, and what it left undone."""
        for name, label in self.counts.items():
            count = counts.get(name, 0)
            label.setText("none" if not count else "1 tensor" if count == 1 else f"{count:,} tensors")
            label.setToolTip("Tensors of the target that this step touches in the present plan")
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))

    def set_runs(self, runs: bool) -> None:
        """Tell whether the target can be run on images: a checkpoint cannot."""
        self._runs = runs
        self._show_folder()

    def _show_folder(self) -> None:
        # A folder that was chosen can always be taken away.
        usable = self._runs or bool(self._told)
        self.folder.setEnabled(usable)
        self.choose.setEnabled(self._runs)
        tip = CALIBRATE_TIP if self._runs else CHECKPOINT_TIP
        self.folder.setToolTip(f"{self._told}\n{tip}" if self._told else tip)
        set_state(self.folder, "invalid", bool(self._told) and not self._runs)


def _box(choices: Mapping[str, tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    for row, (value, (text, tip)) in enumerate(choices.items()):
        box.addItem(text, value)
        box.setItemData(row, tip, Qt.ItemDataRole.ToolTipRole)
        box.setItemData(row, f"{text}: {tip}", Qt.ItemDataRole.AccessibleTextRole)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(9)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box
