"""A network's module tree as a Qt model, with a filter that keeps the way to each hit."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from dpiat_gui.networks.titles import format_shape
from dpiat_gui.networks.values import ModuleNode, Network
from dpiat_gui.ui.texts import big

PATH_ROLE = Qt.ItemDataRole.UserRole + 1
"""Dotted path of a row's module."""
LAYER_ROLE = Qt.ItemDataRole.UserRole + 2
"""Path to select for a row: its own where it is a layer or a block, else its first layer's."""

_HEADINGS = {
    "Module": "Parts of the network as its author named them",
    "Class": "What each is made of, as its author's code calls it",
    "Weight": "Shape of its weight, or how many parameters lie below it",
}

Index = QModelIndex | QPersistentModelIndex


class OutlineModel(QStandardItemModel):
    """The module tree of one network: name, class and weight shape of each module."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, QStandardItem] = {}
        self._network: Network | None = None
        self.setHorizontalHeaderLabels(list(_HEADINGS))
        for column, tip in enumerate(_HEADINGS.values()):
            self.horizontalHeaderItem(column).setToolTip(tip)

    def set_network(self, network: Network | None) -> None:
        """Show another network, None for none; the same one again changes nothing."""
        if network is self._network:
            return
        self._network = network
        self._items = {}
        self.removeRows(0, self.rowCount())
        if network is None:
            return
        selectable = _selectable(network)
        for child in network.tree.root.children:
            self._add(self.invisibleRootItem(), child, selectable)

    def index_of(self, path: str) -> QModelIndex:
        """Return the row of a module path, or of the module that holds it; invalid if there is none."""
        while path:
            item = self._items.get(path)
            if item is not None:
                return item.index()
            path = path.rpartition(".")[0]
        return QModelIndex()

    def _add(self, parent: QStandardItem, top: ModuleNode, selectable: dict[str, str]) -> None:
        stack = [(parent, top)]
        while stack:
            above, node = stack.pop()
            row = _row(node, selectable)
            self._items[node.path] = row[0]
            above.appendRow(row)
            stack += [(row[0], child) for child in reversed(node.children)]


class OutlineFilter(QSortFilterProxyModel):
    """Shows the rows whose path, class or shape holds every word, and the way to them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self.setRecursiveFilteringEnabled(True)

    def set_text(self, text: str) -> None:
        """Filter by the words of `text`, in any case and order; none shows all."""
        words = tuple(text.lower().split())
        if words != self._words:
            self.beginFilterChange()
            self._words = words
            self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Tell whether a row itself holds every word; its parents are kept by Qt."""
        if not self._words:
            return True
        model = self.sourceModel()
        index = model.index(row, 0, parent)
        told = [str(index.data(PATH_ROLE))]
        told += [str(model.index(row, column, parent).data()) for column in (1, 2)]
        text = " ".join(told).lower()
        return all(word in text for word in self._words)


def _selectable(network: Network) -> dict[str, str]:
    """Return for each module path the path to select: its own, or that of the first layer in it."""
    found = {block.path: block.path for block in network.sequence}
    found.update({layer.path: layer.path for layer in network.layers})
    for layer in network.layers:
        above = layer.path
        while above:
            found.setdefault(above, layer.path)
            above = above.rpartition(".")[0]
    return found


def _row(node: ModuleNode, selectable: dict[str, str]) -> list[QStandardItem]:
    name = node.path.rpartition(".")[2]
    weight = next((tensor for tensor in node.tensors if not tensor.buffer), None)
    shape = format_shape(weight.shape) if weight else ""
    parameters = sum(tensor.elements for part in node.walk() for tensor in part.tensors if not tensor.buffer)
    tip = f"{node.path}\n{node.class_name}, {big(parameters)} parameters"
    row = []
    for text in (name, node.class_name, shape):
        item = QStandardItem(text)
        item.setEditable(False)
        item.setToolTip(tip)
        item.setData(node.path, PATH_ROLE)
        item.setData(selectable.get(node.path, ""), LAYER_ROLE)
        row.append(item)
    row[0].setData(f"{node.path}, {node.class_name} {shape}".strip(), Qt.ItemDataRole.AccessibleTextRole)
    return row
