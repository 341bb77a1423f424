"""The main window: puts the parts together and lets each do its own."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QVBoxLayout, QWidget

from dpiat_gui.canvas.view import MatchView
from dpiat_gui.document.autosave import Autosave
from dpiat_gui.document.document import Document
from dpiat_gui.project.values import SUFFIX
from dpiat_gui.services.jobs import JobRunner
from dpiat_gui.services.theme import Theme, ThemeKeeper
from dpiat_gui.ui.actions import BY_ID, build_actions, update_enabled
from dpiat_gui.ui.borrowed_height import BorrowedHeight
from dpiat_gui.ui.canvas_link import CanvasLink
from dpiat_gui.ui.closing import Closing
from dpiat_gui.ui.dialogs import Dialogs
from dpiat_gui.ui.editing import Editing
from dpiat_gui.ui.export_folder import ExportFolder
from dpiat_gui.ui.feature_pages import FeaturePages, Shelf
from dpiat_gui.ui.features import features
from dpiat_gui.ui.figures import Figures
from dpiat_gui.ui.handlers import adopt_switches, handlers_of, state_of
from dpiat_gui.ui.icon_set import set_icons
from dpiat_gui.ui.inspector_dock import InspectorPanel
from dpiat_gui.ui.legend import LegendPanel
from dpiat_gui.ui.menus import DOCKS, MATCHERS, RECENT, STANDARDIZATIONS, SelectionMenu, build_menus
from dpiat_gui.ui.methods import Methods
from dpiat_gui.ui.networks_panel import NetworksPanel
from dpiat_gui.ui.notifications import NotificationArea
from dpiat_gui.ui.opening import SIDES, Opening
from dpiat_gui.ui.pairs_dock import PairsPanel
from dpiat_gui.ui.panes import Pane, add_dock, first_focus, next_pane
from dpiat_gui.ui.projects import Projects
from dpiat_gui.ui.readout import Readout
from dpiat_gui.ui.recovery import Recovery
from dpiat_gui.ui.running import Running
from dpiat_gui.ui.search import Hit
from dpiat_gui.ui.search_field import SearchWalk
from dpiat_gui.ui.status import JobPanel, StatusBar
from dpiat_gui.ui.toolbar import ON_TOOLBAR, MainToolBar
from dpiat_gui.ui.transfer_panel import TransferPanel
from dpiat_gui.ui.transferring import Transferring
from dpiat_gui.ui.widgets import scrolling
from dpiat_gui.ui.window_state import WindowState

if TYPE_CHECKING:
    from dpiat_gui.services.settings import Settings

Area = Qt.DockWidgetArea


class MainWindow(QMainWindow):
    """The window: toolbar, canvas, three docks, status bar.

    Parameters
    ----------
    settings
        What a person has chosen for every run.
    jobs
        Runs the engine and threads; the window shuts it down when it closes.
    themes
        Keeps the look.
    """

    painted = Signal()
    """Once, right after the first paint: now there is time for what takes long."""
    closed = Signal()
    """Once, when it is closed for good."""

    def __init__(self, settings: "Settings", jobs: JobRunner, themes: ThemeKeeper) -> None:
        super().__init__()
        self.settings, self.jobs, self.themes = settings, jobs, themes
        self._closing = self._painted = self._refreshing = False
        self.document = Document(self, jobs)
        self._build_centre()
        self._build_panels()
        self._build_controllers()
        self._build_actions()
        self._build_docks()
        self._connect()
        self.window_state = WindowState(self, self.docks, self.settings)
        self.window_state.restore()
        self._apply_theme(themes.theme)
        self.view.set_wheel_zooms(self.settings.wheel_zooms)
        adopt_switches(self)
        self.readout.refresh()
        self.refresh()

    # -- building ------------------------------------------------------------------------

    def _build_centre(self) -> None:
        self.setAcceptDrops(True)
        self.view = MatchView()
        # A pane below that needs much height, or a lower window, must not take all of it.
        self.view.setMinimumHeight(150)
        self.notices = NotificationArea()
        self.job_panel = JobPanel()
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self.job_panel)
        column.addWidget(self.view, 1)
        self.setCentralWidget(centre)
        self.status = StatusBar()
        self.setStatusBar(self.status)

    def _build_panels(self) -> None:
        self.legend = LegendPanel(self.document)
        self.networks = NetworksPanel(self.document, self.legend)
        self.inspector = InspectorPanel(self.document)
        self.pairs = PairsPanel(self.document)
        self.transfer = TransferPanel()

    def _build_controllers(self) -> None:
        self.editing = Editing(self.document, self.notices, self)
        self.opening = Opening(self.document, self.jobs, self.settings, self.notices, self)
        self.link = CanvasLink(self.document, self.view, self.editing)
        self.projects = Projects(
            self.document, self.opening, self.settings, self.notices, self, self.link.view_state
        )
        self.transferring = Transferring(
            self.document, self.editing, self.jobs, self.transfer, self.notices, self.settings
        )
        self.methods = Methods(self.document, self.editing, self.jobs, self)
        self.export_folder = ExportFolder(self.document, self.settings)
        self.figures = Figures(self.document, self.notices, self.view, self.export_folder)
        self.autosave = Autosave(self.document, self.jobs)
        self.recovery = Recovery(self.autosave, self.opening, self.projects, self.notices, self)
        self.dialogs = Dialogs(self.settings, self.themes, self)
        self.running = Running(self.transferring, self.status.job, self.job_panel, self)
        self.closing = Closing(self.projects, self.running, self)
        self.readout = Readout(self.document, self.status, self)
        self.features = features(self)

    def _build_actions(self) -> None:
        self.toolbar = MainToolBar(self)
        self.search = SearchWalk(
            self.toolbar.search, self.document, self._go_to, self.link.remember, self.view.setFocus
        )
        self.commands = build_actions(self, handlers_of(self))
        self.toolbar.fill(self.commands)
        self.addToolBar(self.toolbar)
        self.addActions([action for name, action in self.commands.items() if not BY_ID[name].canvas])
        self.view.addActions([action for name, action in self.commands.items() if BY_ID[name].canvas])

    def _build_docks(self) -> None:
        for corner, area in (
            (Qt.Corner.TopLeftCorner, Area.LeftDockWidgetArea),
            (Qt.Corner.BottomLeftCorner, Area.LeftDockWidgetArea),
            (Qt.Corner.TopRightCorner, Area.RightDockWidgetArea),
            (Qt.Corner.BottomRightCorner, Area.RightDockWidgetArea),
        ):
            self.setCorner(corner, area)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.pairs, "Pairs")
        self.transfer_page = scrolling(self.transfer)
        self.tabs.addTab(self.transfer_page, "Transfer")
        self.side_tabs = QTabWidget()
        self.side_tabs.setDocumentMode(True)
        self.side_tabs.addTab(scrolling(self.inspector), "Inspector")
        self.lower_height = BorrowedHeight(self)
        self.docks: tuple[QDockWidget, ...] = (
            add_dock(self, "networks", "Networks", scrolling(self.networks), Area.LeftDockWidgetArea),
            add_dock(self, "inspector", "Inspector", self.side_tabs, Area.RightDockWidgetArea),
            add_dock(self, "details", "Pairs and transfer", self.tabs, Area.BottomDockWidgetArea),
        )
        self.pages = FeaturePages(
            self,
            {"details": Shelf(self.tabs, self.docks[2]), "inspector": Shelf(self.side_tabs, self.docks[1])},
            [tab for feature in self.features for tab in feature.tabs()],
        )
        # Wide tables scroll; they must not push the window beyond the screen.
        self.tabs.setMinimumWidth(360)
        self.pairs.setMinimumWidth(1)
        # The tabs say what it is; a title above them would only take room.
        self.docks[2].setTitleBarWidget(QWidget())
        self.panes = (
            Pane("Columns", self.view, lambda: self.view),
            Pane("Inspector", self.docks[1], lambda: first_focus(self.side_tabs.currentWidget())),
            Pane("Pairs and transfer", self.docks[2], lambda: first_focus(self.tabs.currentWidget())),
            Pane("Networks", self.docks[0], lambda: self.networks.outline.tree),
            Pane("Toolbar", self.toolbar, lambda: self.toolbar.search.field),
        )
        self.submenus = build_menus(self, self.commands)
        self.selection_menu = SelectionMenu(self, self.commands)
        for dock in self.docks:
            self.submenus[DOCKS].addAction(dock.toggleViewAction())

    def _connect(self) -> None:
        document = self.document
        for signal in (
            document.source_changed,
            document.target_changed,
            document.matching_changed,
            document.selection_changed,
            document.overrides_changed,
            document.undo_stack.indexChanged,
            document.solving_changed,
            self.search.changed,
            self.transferring.running_changed,
        ):
            signal.connect(self._refresh_later)
        document.source_changed.connect(self.search.refresh)
        document.target_changed.connect(self.search.refresh)
        document.modified_changed.connect(self.setWindowModified)
        for panel in (self.pairs, self.networks.outline):
            panel.centre_requested.connect(self.centre)
        self.pairs.context_menu_requested.connect(self.selection_menu.show)
        self.pairs.count_changed.connect(lambda count: self.tabs.setTabText(0, f"Pairs {count}"))
        self.inspector.pin_requested.connect(self.editing.pin)
        self.inspector.ban_requested.connect(self.editing.ban)
        self.inspector.fresh_requested.connect(self.editing.fresh)
        self.inspector.clear_requested.connect(self.editing.clear)
        self.networks.open_requested.connect(self.opening.ask)
        self._connect_view()
        self.opening.opening_changed.connect(self._show_pending)
        self.opening.project_opened.connect(self.link.expect)
        self.opening.job_started.connect(self.running.follow)
        self.transferring.job_started.connect(self.running.follow)
        self.running.changed.connect(self._refresh_later)
        self.transferring.device_known.connect(self.readout.show_device)
        self.jobs.engine_state_changed.connect(self.readout.show_engine)
        self.dialogs.wheel_zooms_changed.connect(self.view.set_wheel_zooms)
        self.readout.title_changed.connect(self.setWindowTitle)
        self.transferring.pane_wanted.connect(self.show_transfer)
        self.methods.summary_changed.connect(self.toolbar.show_method)
        self.methods.fill_menus(self.submenus[MATCHERS], self.submenus[STANDARDIZATIONS])
        for starter in (self.methods, document):
            starter.job_started.connect(self.running.follow)
        self.submenus[RECENT].aboutToShow.connect(partial(self.projects.fill_recent, self.submenus[RECENT]))
        self.themes.theme_changed.connect(self._apply_theme)
        self.painted.connect(partial(self._draw_menu_icons, [*self.commands.keys() - ON_TOOLBAR]))

    def _connect_view(self) -> None:
        view = self.view
        view.files_dropped.connect(self.open_dropped)
        view.open_requested.connect(self.opening.ask)
        view.demo_requested.connect(self.commands["demo"].trigger)
        view.message.connect(self.status.say)
        view.details_requested.connect(lambda: first_focus(self.inspector).setFocus())
        view.context_menu_requested.connect(self.selection_menu.show_on_canvas)

    # -- what the actions and controllers ask for --------------------------------------------

    def start_search(self) -> None:
        """Put the cursor into the search field."""
        self.toolbar.search.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.toolbar.search.field.selectAll()

    def show_transfer(self) -> None:
        """Bring the transfer pane to the front."""
        self.docks[2].show()
        self.tabs.setCurrentWidget(self.transfer_page)
        self.transfer.take_focus()

    def cycle_panes(self, step: int) -> None:
        """Move the focus to the next pane (1) or the one before (-1)."""
        next_pane(self.panes, step)

    def set_full_screen(self, full: bool) -> None:
        """Use the whole screen, or go back."""
        self.setWindowState(self.windowState().WindowFullScreen if full else Qt.WindowState.WindowNoState)

    def open_dropped(self, side: str, path: str) -> None:
        """Open a file dropped on a side; a project is opened whatever the side."""
        if path.endswith(SUFFIX):
            self.projects.open(path)
        else:
            self.opening.open_file("source" if side == "source" else "target", path)

    def refresh(self) -> None:
        """Enable what makes sense now, and say what undo would undo."""
        self._refreshing = False
        update_enabled(self.commands, state_of(self))
        stack = self.document.undo_stack
        undone = "matching" if self.document.solving else stack.undoText()
        self.commands["undo"].setText(f"&Undo {undone}".rstrip())
        self.commands["redo"].setText(f"&Redo {stack.redoText()}".rstrip())

    # -- following ---------------------------------------------------------------------------

    def _refresh_later(self) -> None:
        """Refresh once, however many signals one change sends."""
        if not self._refreshing:
            self._refreshing = True
            QTimer.singleShot(0, self, self.refresh)

    def _apply_theme(self, theme: Theme) -> None:
        for part in (
            self.link,
            self.legend,
            self.inspector,
            self.pairs,
            self.transfer,
            self.figures,
        ):
            part.set_theme(theme)
        for feature in self.features:
            feature.set_theme(theme)
        # Icons take a millisecond each: those in closed menus are drawn after the first paint.
        set_icons(self.commands, theme, self.commands if self._painted else ON_TOOLBAR)

    def _draw_menu_icons(self, names: list[str]) -> None:
        """Draw the icons of closed menus, one at a time so that nothing else waits for them."""
        if names:
            set_icons(self.commands, self.themes.theme, (names.pop(),))
            QTimer.singleShot(0, self, partial(self._draw_menu_icons, names))

    def _go_to(self, hit: Hit) -> None:
        (self.document.select_source if hit.side == "source" else self.document.select_target)(hit.path)

    def _show_pending(self) -> None:
        self.networks.set_pending(self.opening.pending)
        for side in SIDES:
            self.view.set_loading(side, self.opening.pending.get(side))

    def centre(self, _selection: object = None) -> None:
        """Open the block of the selected target, bring the pair into view, and go there."""
        path = self.document.selection.target or self.document.selection.source
        if path is not None:
            self.view.expand(path)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- Qt's events ---------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Tell of the first paint."""
        handled = super().event(event)
        if event.type() == QEvent.Type.Paint and not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.painted.emit)
        return handled

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls() and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a dropped file: in the left half as source, in the right half as target."""
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        side = "source" if event.position().x() < self.width() / 2 else "target"
        if files:
            event.acceptProposedAction()
            self.open_dropped(side, files[0])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close when nothing would be lost; ask otherwise, and close when the answer comes."""
        if self._closing:
            self.window_state.save()
            self.settings.flush()
            self.jobs.shutdown()
            self.autosave.end()
            event.accept()
            self.closed.emit()
            return
        event.ignore()
        # Later: Qt drops a second close that is asked for inside the first.
        QTimer.singleShot(0, self.closing.begin)

    def close_now(self) -> None:
        """Close without asking."""
        self._closing = True
        self.close()
