"""The outline: the module tree of either network, searchable, in step with the selection."""

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QTabBar,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection
from dpiat_gui.ui.outline_model import LAYER_ROLE, OutlineFilter, OutlineModel
from dpiat_gui.ui.widgets import LARGEST, fold_button, section

SIDES = ("source", "target")
SOON_MS = 20
"""After a change the canvas is painted first; then there is time for the tree."""


class OutlinePanel(QWidget):
    """Two tabs, a filter and a tree; choosing a module selects it on the canvas."""

    centre_requested = Signal()
    folded = Signal(bool)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._following = self._stale = False
        self._models = {side: OutlineModel(self) for side in SIDES}
        self._filters = {side: OutlineFilter(self) for side in SIDES}
        for side in SIDES:
            self._filters[side].setSourceModel(self._models[side])
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Outline of")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        # Two words need no arrows; the title gives way to them instead.
        self.tabs.setUsesScrollButtons(False)
        self.title = section("Outline")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.tabs.addTab("Source")
        self.tabs.addTab("Target")
        self.tabs.currentChanged.connect(self._show_side)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter modules")
        self.filter.setAccessibleName("Filter the outline")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter_changed)
        self.tree = self._make_tree()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._head = QHBoxLayout()
        self._head.setContentsMargins(0, 0, 0, 0)
        self.fold = fold_button("Outline")
        self.fold.toggled.connect(self._show_outline)
        self._head.addWidget(self.fold)
        self._head.addWidget(self.title, 1)
        self._head.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignRight)
        column.addLayout(self._head)
        column.addWidget(self.filter)
        column.addWidget(self.tree, 1)
        document.source_changed.connect(self._networks_changed)
        document.target_changed.connect(self._networks_changed)
        document.selection_changed.connect(self._follow)
        self._show_side()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the title out where the tabs need its room."""
        super().resizeEvent(event)
        self._show_title()

    def _show_title(self) -> None:
        parts = [self.fold, self.title, *([] if self.tabs.isHidden() else [self.tabs])]
        needed = sum(part.sizeHint().width() for part in parts) + self._head.spacing() * (len(parts) - 1)
        self.title.setVisible(self.width() >= needed)

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setAccessibleName("Outline of the network")
        tree.setUniformRowHeights(True)
        tree.setHeaderHidden(True)
        tree.setIndentation(14)
        tree.setMinimumHeight(90)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        tree.clicked.connect(self._chosen)
        tree.activated.connect(self._activated)
        return tree

    def _show_outline(self, shown: bool) -> None:
        """Fold the outline down to its heading, or open it."""
        for part in (self.tabs, self.filter, self.tree):
            part.setVisible(shown)
        policy = QSizePolicy.Policy.Preferred if shown else QSizePolicy.Policy.Maximum
        self.setSizePolicy(QSizePolicy.Policy.Preferred, policy)
        self.setMaximumHeight(LARGEST if shown else self.fold.height() + 8)
        self._show_title()
        self.folded.emit(not shown)

    @property
    def side(self) -> str:
        """The side whose outline is shown."""
        return SIDES[self.tabs.currentIndex()]

    def _show_side(self) -> None:
        self._show_network()
        self.tree.setModel(self._filters[self.side])
        # The pane is narrow; class and shape are in the tooltip and in the inspector.
        self.tree.setColumnHidden(1, True)
        self.tree.setColumnHidden(2, True)
        selection = self.tree.selectionModel()
        selection.currentChanged.connect(self._current_changed)
        self._filter_changed(self.filter.text())
        self._follow(self._document.selection)

    def _networks_changed(self) -> None:
        """Show the networks soon, once for all signals of a change."""
        if not self._stale:
            self._stale = True
            QTimer.singleShot(SOON_MS, self, self._show_network)

    def _show_network(self) -> None:
        self._stale = False
        # The other side's rows are made when its tab is shown.
        network = self._document.source if self.side == "source" else self._document.target
        self._models[self.side].set_network(network)

    def _filter_changed(self, text: str) -> None:
        self._filters[self.side].set_text(text)
        if text.strip():
            self.tree.expandAll()

    def _follow(self, selection: Selection) -> None:
        """Show the selected module, without selecting anything anew."""
        path = selection.source if self.side == "source" else selection.target
        if self._following or not self.isVisible():
            return
        if path is None:
            self._following = True
            self.tree.setCurrentIndex(QModelIndex())
            self._following = False
            return
        index = self._filters[self.side].mapFromSource(self._models[self.side].index_of(path))
        if index.isValid() and index != self.tree.currentIndex():
            self._following = True
            self.tree.setCurrentIndex(index)
            self.tree.scrollTo(index)
            self._following = False

    def _current_changed(self, index: QModelIndex) -> None:
        # The keyboard's way; a click comes here as well.
        if not self._following and self.tree.hasFocus():
            self._choose(index)

    def _chosen(self, index: QModelIndex) -> None:
        self._choose(index)

    def _activated(self, index: QModelIndex) -> None:
        self._choose(index)
        self.centre_requested.emit()

    def _choose(self, index: QModelIndex) -> None:
        path = index.data(LAYER_ROLE)
        if not path:
            return
        self._following = True
        if self.side == "source":
            self._document.select_source(path)
        else:
            self._document.select_target(path)
        self._following = False
