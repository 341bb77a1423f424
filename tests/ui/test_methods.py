"""The method: panel, menu and what they do to the document."""

import pytest
from made import network
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from dpiat_gui.document import solving
from dpiat_gui.document.document import Document
from dpiat_gui.document.state import DocumentState
from dpiat_gui.errors import StandardizationError
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import match_options
from dpiat_gui.services.engine_client import EngineClient
from dpiat_gui.services.jobs import JobRunner
from dpiat_gui.ui import method_texts, methods
from dpiat_gui.ui.editing import Editing
from dpiat_gui.ui.methods import Methods
from dpiat_gui.ui.notifications import NotificationArea

C1, C2 = (8, 3, 3, 3), (16, 8, 3, 3)
SOURCE = network("s", [[C1, (8,), None], [C2, (16,)], C1, (10, 12)])
TARGET = network("t", [[C1, (8,)], [C2, (12,), C2], C1, (20, 12)])


class Stage:
    """A document with the controller of its method, and no engine."""

    def __init__(self, qtbot):
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.jobs = JobRunner(EngineClient())
        self.document = Document(self.window, self.jobs)
        self.document.open_networks(SOURCE, TARGET)
        self.notices = NotificationArea(self.window)
        editing = Editing(self.document, self.notices, self.window)
        self.methods = Methods(self.document, editing, self.jobs, self.window)
        self.panel = self.methods.panel
        self.button = QToolButton(self.window)
        self.menus = QMenu(self.window), QMenu(self.window)
        self.methods.fill_menus(*self.menus)


@pytest.fixture
def stage(qtbot):
    stage = Stage(qtbot)
    yield stage
    stage.jobs.shutdown()
    # As the end of the event loop does: a job that ended goes before the runner it belongs to.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def checked(menu):
    return [action.text() for action in menu.actions() if action.isChecked()]


def test_every_matcher_is_offered_with_its_title():
    assert list(method_texts.MATCHERS) == list(METHODS)
    for name, method in METHODS.items():
        assert method.title[1:] in method_texts.matcher_text(name)
        assert ("cross" in method_texts.matcher_text(name)) is True


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "DPIAT · recommended"),
        ({"preset": "paper", "options": match_options("paper")}, "DPIAT · as in the paper"),
        ({"options": match_options(exponent=0.3)}, "DPIAT · changed"),
        ({"options": match_options(method="flat")}, "Flat"),
        ({"method": "flatten"}, "DPIAT · flattened"),
    ],
)
def test_summary(change, text):
    assert method_texts.summary(DocumentState(**change)) == text


def test_the_panel_shows_what_holds_and_is_silent_about_it(stage, qtbot):
    with (
        qtbot.assertNotEmitted(stage.panel.option_chosen),
        qtbot.assertNotEmitted(stage.panel.matcher_chosen),
    ):
        stage.document.set_options(method="random", exponent=0.25, seed=7)
    assert stage.panel.matcher.currentData() == "random"
    assert stage.panel.exponent.value() == 0.25
    assert stage.panel.seed.value() == 7
    assert stage.panel.seed.isEnabled()
    assert not stage.panel.skip_factor.isEnabled()
    assert "by lot" in stage.panel.about.text()
    assert checked(stage.menus[0]) == ["Random"]


@pytest.mark.parametrize(
    ("name", "value"), [("exponent", 0.3), ("skip_factor", 0.75), ("seed", 5), ("layer_types", "paper")]
)
def test_each_option_acts_at_once_and_can_be_undone(stage, name, value):
    before = stage.document.options
    field = getattr(stage.panel, name)
    if name == "layer_types":
        field.setCurrentIndex(field.findData(value))
        field.activated.emit(field.currentIndex())
    else:
        field.setValue(value)
    assert getattr(stage.document.options, name) == value
    stage.document.undo()
    assert stage.document.options == before
    assert not stage.document.modified


def test_a_spun_number_is_one_step(stage):
    for value in (0.4, 0.35, 0.3):
        stage.panel.exponent.setValue(value)
    assert stage.document.undo_stack.count() == 1


@pytest.mark.parametrize(("name", "value"), [("exponent", 1.0), ("exponent", 0.0), ("skip_factor", 0.0)])
def test_a_wrong_number_is_refused_beside_its_field(stage, qtbot, name, value):
    stage.panel.open_below(stage.button)
    before = stage.document.options
    field = getattr(stage.panel, name)
    field.setValue(value)
    assert stage.document.options == before
    assert stage.panel.problem.isVisible()
    assert name.replace("_", " ") in stage.panel.problem.text()
    assert field.property("invalid")
    assert not stage.notices.shown
    field.setValue(0.6)
    assert not stage.panel.problem.isVisible()
    assert not field.property("invalid")
    assert getattr(stage.document.options, name) == 0.6


def test_matchers_are_chosen_by_key(stage, qtbot, fetches):
    stage.panel.open_below(stage.button)
    for _ in range(2):
        qtbot.keyClick(stage.panel.matcher, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: stage.document.options.method == "flat")
    qtbot.keyClick(stage.panel, Qt.Key.Key_Escape)
    assert not stage.panel.isVisible()


def test_the_menu_standardizes(stage):
    next(action for action in stage.menus[1].actions() if "itself" in action.text()).trigger()
    assert stage.document.state.method == "flatten"
    assert checked(stage.menus[1]) == ["Every layer by itself"]
    stage.document.undo()
    assert checked(stage.menus[1]) == ["Blocks of modules"]


def test_a_preset_brings_its_options_back(stage):
    stage.panel.exponent.setValue(0.3)
    assert not stage.panel.changed.isHidden()
    stage.methods.choose_preset("recommended")
    assert stage.document.options == match_options()
    assert stage.panel.changed.isHidden()


def test_long_matching_is_shown_and_cancelled_in_the_panel(stage, monkeypatch):
    monkeypatch.setattr(solving, "SLOW_MS", -1.0)
    stage.methods.choose_matcher("flat")
    assert not stage.panel.busy.isHidden()
    assert stage.panel.matcher.currentData() == "flat"
    stage.panel.cancel.click()
    assert stage.panel.busy.isHidden()
    assert stage.panel.matcher.currentData() == "dp"
    assert stage.document.options.method == "dp"


class FakeFetch:
    """Answers when it is told to, as the engine would."""

    made: list["FakeFetch"]

    def __init__(self, _jobs, _window, got, failed, *, flow):
        assert flow
        self.got, self.failed, self.dropped = got, failed, False
        self.job_started = self
        FakeFetch.made.append(self)

    def connect(self, _slot):
        pass

    def start(self, reference):
        self.reference = reference

    def drop(self):
        self.dropped = True


@pytest.fixture
def fetches(monkeypatch):
    FakeFetch.made = []
    monkeypatch.setattr(methods, "Fetch", FakeFetch)
    return FakeFetch.made


def test_what_cannot_be_traced_is_said_and_nothing_changes(stage, fetches):
    stage.methods.choose_standardization("graph")
    assert [fetch.reference for fetch in fetches] == ["made:s", "made:t"]
    fetches[0].failed(StandardizationError("s holds no code.", "Use blocks."))
    fetches[1].got(None, TARGET.tree)
    assert stage.document.state.method == "blocks"
    assert stage.notices.shown[0].message == "s holds no code."
    assert stage.panel.standardization.currentData() == "blocks"


def test_branches_that_are_not_known_do_not_keep_from_matching(stage, fetches):
    said = []
    stage.document.message.connect(said.append)
    stage.methods.choose_matcher("dp-branch")
    assert not stage.panel.busy.isHidden()
    for fetch in fetches:
        fetch.failed(StandardizationError("no code"))
    assert stage.document.options.method == "dp-branch"
    assert "no code" in said[0]


def test_another_choice_drops_what_is_traced(stage, fetches):
    stage.methods.choose_standardization("graph")
    stage.methods.choose_matcher("flat")
    assert all(fetch.dropped for fetch in fetches)
    assert stage.document.options.method == "flat"
