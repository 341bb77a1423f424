"""The form of the transfer pane: where the checkpoint goes, and how tensors are fitted."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from dpiat_gui.errors import ExportError
from dpiat_gui.transfer.operators import ALIGNMENTS, OPERATORS
from dpiat_gui.transfer.shards import parse_size, size_text
from dpiat_gui.ui.widgets import inset, set_state

FORMATS = (("safetensors", ".safetensors"), ("PyTorch .pth", ".pth"))
MOST_SEED = 2**31 - 1

_TEXTS = {
    "device": (
        "Device",
        "Where the weights are cut and copied; the result is the same everywhere",
    ),
    "preset": ("Preset", "recommended: every type of layer, and the steps; paper: as published"),
    "operator": ("Operator", "How tensors of different size are fitted; clip: centre to centre"),
    "align": (
        "Alignment",
        "centre: every tensor by itself, as in the paper; structure: inside groups, heads, "
        "concatenated parts and flattened maps, so that channels keep their place",
    ),
    "buffers": ("Running statistics", "Mean and variance of batch norms; off in the paper"),
    "seed": ("Seed", "Of the target's own initialisation, kept where nothing is copied"),
    "output": ("Output file", "The ending decides the format"),
    "browse": ("Choose the output file", ""),
    "format": ("Output format", "Follows the ending of the file"),
    "shard": (
        "Largest size of a shard",
        "Write a large checkpoint in parts of at most this size, such as 2GB, with an index that "
        "loaders know; empty for one file. Only for safetensors",
    ),
    "memory": (
        "Most memory of the device",
        "The transfer takes at most this much of the device's memory at a time, such as 1GB; the "
        "result is the same",
    ),
}
"""Name for the screen reader, and tooltip, by field."""


class TransferForm(QWidget):
    """Holds the fields; the pane gives them their meaning.

    Signals
    -------
    sizes_chosen : int or None, int or None
        Largest shard and most memory of the device, in bytes.
    """

    sizes_chosen = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.device = QComboBox()
        self.device.addItem("auto", "auto")
        self.preset = QComboBox()
        self.preset.addItem("recommended", "recommended")
        self.preset.addItem("paper", "paper")
        self.operator = QComboBox()
        for one in OPERATORS.values():
            self.operator.addItem(one.name, one.name)
            tip = f"{one.title}. {one.text}"
            self.operator.setItemData(self.operator.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.align = QComboBox()
        for text, value in (("centre", "paper"), ("structure", "structure")):
            self.align.addItem(text, value)
            self.align.setItemData(self.align.count() - 1, ALIGNMENTS[value], Qt.ItemDataRole.ToolTipRole)
        self.buffers = QCheckBox("&Running statistics too")
        self.seed = inset(QSpinBox())
        self.seed.setRange(0, MOST_SEED)
        self.seed.setMinimumWidth(100)
        self.output = QLineEdit()
        self.output.setPlaceholderText("Where the checkpoint is written")
        self.browse = QPushButton("Browse…")
        self.format = QComboBox()
        for text, suffix in FORMATS:
            self.format.addItem(text, suffix)
        self.shard = self._size_field("one file")
        self.memory = self._size_field("256 MiB")
        for field, (name, tip) in _TEXTS.items():
            widget: QWidget = getattr(self, field)
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        for box in (self.device, self.preset, self.operator, self.align, self.format):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(7)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for box in (self.operator, self.preset):
            longest = max(len(box.itemText(at)) for at in range(box.count()))
            box.setMinimumContentsLength(longest)
        self._columns = 0
        self._lay_out()

    def _size_field(self, usual: str) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(usual)
        field.setClearButtonEnabled(True)
        field.setMinimumWidth(60)
        field.editingFinished.connect(self._check_sizes)
        return field

    def _lay_out(self) -> None:
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(7)
        self._grid.addWidget(label("&Output", self.output), 0, 0)
        self._grid.addLayout(row_of(self.output, self.browse), 0, 1, 1, 3)
        self._pairs = [
            (label(text, field), field)
            for text, field in (
                ("&Preset", self.preset),
                ("O&perator", self.operator),
                ("Alig&nment", self.align),
                ("&Device", self.device),
                ("&Format", self.format),
                ("S&eed", self.seed),
                ("S&hard size", self.shard),
                ("Memor&y", self.memory),
            )
        ]
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(len(self._pairs) + 2, 1)
        self.set_columns(2)

    def set_columns(self, columns: int) -> None:
        """Stand in one or two columns of fields."""
        if columns == self._columns:
            return
        self._columns = columns
        for at, (text, field) in enumerate(self._pairs):
            row, column = 1 + at // columns, 2 * (at % columns)
            self._grid.addWidget(text, row, column)
            self._grid.addWidget(field, row, column + 1, 1, 1 if columns == 2 else 3)
        last = 1 + len(self._pairs) // columns
        self._grid.addWidget(self.buffers, last, 3 if columns == 2 else 1, 1, 1 if columns == 2 else 3)
        self._grid.setColumnStretch(3, columns - 1)

    @property
    def knows_shards(self) -> bool:
        """Whether the format can be written in parts."""
        return str(self.format.currentData()) == ".safetensors"

    @property
    def max_shard_size(self) -> int | None:
        """Bytes of the largest shard; None for one file.

        Raises
        ------
        ExportError
            If what stands there is no size.
        """
        return _size(self.shard) if self.knows_shards else None

    @property
    def max_device_memory(self) -> int | None:
        """Bytes of the device's memory to take at most; None for what is usual.

        Raises
        ------
        ExportError
            If what stands there is no size.
        """
        return _size(self.memory)

    def set_sizes(self, shard: int | None, memory: int | None) -> None:
        """Show these sizes, each as it was written if that says the same."""
        for field, size in ((self.shard, shard), (self.memory, memory)):
            if _size_or_none(field) != size:
                field.setText("" if size is None else size_text(size))
        self._mark_sizes()

    def _check_sizes(self) -> None:
        if self._mark_sizes():
            self.sizes_chosen.emit(_size(self.shard), _size(self.memory))

    def _mark_sizes(self) -> bool:
        """Mark what is no size, and return whether both are; the transfer says what is wrong with one."""
        fields = (self.shard, self.memory)
        good = [_size_or_none(field) is not None or not field.text().strip() for field in fields]
        for field, one in zip(fields, good, strict=True):
            set_state(field, "invalid", not one)
        return all(good)

    def least_width(self, columns: int) -> int:
        """Return the width that so many columns of fields take."""
        texts = [text.minimumSizeHint().width() for text, _ in self._pairs]
        fields = [field.minimumSizeHint().width() for _, field in self._pairs]
        gap = self._grid.horizontalSpacing()
        wide = sum(max(texts[at::columns]) + max(fields[at::columns]) + 2 * gap for at in range(columns))
        output = max(texts) + self.output.minimumSizeHint().width() + self.browse.minimumSizeHint().width()
        return max(wide, output + 3 * gap)


def _size(field: QLineEdit) -> int | None:
    text = field.text().strip()
    return parse_size(text) if text else None


def _size_or_none(field: QLineEdit) -> int | None:
    try:
        return _size(field)
    except ExportError:
        return None


def choose(box: QComboBox, value: str, *, add: bool = True) -> None:
    """Choose the entry of this value; one that is missing joins the list, unless `add` is false."""
    index = box.findData(value)
    if index < 0 and add:
        box.addItem(value, value)
        index = box.count() - 1
    if index >= 0:
        box.setCurrentIndex(index)


def label(text: str, buddy: QWidget) -> QLabel:
    """Return a label whose letter leads to its field."""
    made = QLabel(text)
    made.setBuddy(buddy)
    return made


def row_of(*widgets: QWidget | None) -> QHBoxLayout:
    """Return widgets side by side; None stands for room between."""
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
