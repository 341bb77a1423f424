import os
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import QThread, QTimer, qInstallMessageHandler, qWarning

from dpiat_gui.services.crash import MOST_BYTES, CrashHook


@pytest.fixture
def told():
    return []


@pytest.fixture
def hook(qapp, tmp_path, told):
    before = sys.excepthook, threading.excepthook
    made = CrashHook(
        lambda line, text: told.append((line, text, threading.current_thread())),
        tmp_path / "deep" / "crash.log",
    )
    made.install()
    yield made
    made.uninstall()
    made.uninstall()
    assert (sys.excepthook, threading.excepthook) == before


def raise_now(error):
    try:
        raise error
    except type(error):
        sys.excepthook(*sys.exc_info())


def test_an_error_is_logged_and_told_later_on_the_ui_thread(qtbot, hook, told):
    raise_now(ZeroDivisionError("by zero"))
    assert told == []
    qtbot.waitUntil(lambda: bool(told))
    [(line, text, thread)] = told
    assert line == "ZeroDivisionError: by zero"
    assert "raise_now" in text
    assert thread is threading.main_thread()
    assert "raise_now" in hook.path.read_text()


def test_an_error_of_a_python_thread_is_told_too(qtbot, hook, told):
    def work():
        raise ValueError("in a thread")

    # Called by hand: the test runner has hooked the threads themselves.
    def run():
        try:
            work()
        except ValueError as error:
            threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, None)))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(told))
    assert told[0][0] == "ValueError: in a thread"
    assert told[0][2] is threading.main_thread()


def test_an_error_on_a_qt_thread_hops_too(qtbot, hook, told):
    class Thread(QThread):
        def run(self):
            raise_now(ValueError("in a QThread"))

    thread = Thread()
    thread.start()
    assert thread.wait(5000)
    qtbot.waitUntil(lambda: bool(told))
    assert told[0][2] is threading.main_thread()


def test_an_error_while_telling_does_not_go_round_in_circles(qtbot, tmp_path):
    calls = []

    def tell(line, text):
        calls.append(line)
        raise RuntimeError("cannot tell")

    hook = CrashHook(tell, tmp_path / "crash.log")
    hook.install()
    try:
        raise_now(ValueError("first"))
        over = []
        QTimer.singleShot(50, lambda: over.append(1))
        qtbot.waitUntil(lambda: bool(over))
        assert calls == ["ValueError: first"]
        assert "cannot tell" in hook.path.read_text()
    finally:
        hook.uninstall()


def test_an_error_that_cannot_even_be_printed_is_survived(qtbot, hook, told):
    class NastyError(Exception):
        def __str__(self):
            raise_now(ValueError("again"))
            return "nasty"

    raise_now(NastyError())
    qtbot.waitUntil(lambda: bool(told))
    assert "nasty" in told[0][0]
    assert len(told) == 1


def test_ctrl_c_is_no_crash(qtbot, hook, told, monkeypatch):
    passed = []
    monkeypatch.setattr(hook, "_before", (lambda *error: passed.append(error[0]), None, None, False))
    raise_now(KeyboardInterrupt())
    assert passed == [KeyboardInterrupt]
    assert told == []
    monkeypatch.undo()


def test_what_qt_says_is_written_and_passed_on(qapp, tmp_path, told):
    seen = []
    before = qInstallMessageHandler(lambda kind, context, message: seen.append(message))
    try:
        hook = CrashHook(lambda line, text: told.append(line), tmp_path / "crash.log")
        hook.install()
        qWarning("a warning of Qt")
        hook.uninstall()
        qWarning("another")
    finally:
        qInstallMessageHandler(before)
    assert seen == ["a warning of Qt", "another"]
    assert "a warning of Qt" in hook.path.read_text()
    assert "another" not in hook.path.read_text()
    assert told == []


def test_a_large_log_is_begun_anew(qapp, tmp_path):
    path = tmp_path / "crash.log"
    path.write_text("x" * (MOST_BYTES + 1))
    CrashHook(lambda line, text: None, path).uninstall()
    hook = CrashHook(lambda line, text: None, path)
    hook.install()
    hook.uninstall()
    assert path.stat().st_size < 1000


def test_a_folder_that_cannot_be_made_costs_only_the_log(qtbot, qapp, tmp_path, told):
    (tmp_path / "file").write_text("")
    hook = CrashHook(lambda line, text: told.append(line), tmp_path / "file" / "crash.log")
    hook.install()
    try:
        raise_now(ValueError("told all the same"))
        qtbot.waitUntil(lambda: bool(told))
    finally:
        hook.uninstall()


def test_the_log_lies_in_the_state_folder(qapp, monkeypatch, tmp_path):
    monkeypatch.setenv("DPIAT_GUI_STATE", str(tmp_path / "state"))
    hook = CrashHook(lambda line, text: None)
    assert hook.path == tmp_path / "state" / "crash.log"
    hook.install()
    hook.uninstall()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals")
def test_a_fault_of_the_process_leaves_its_trace(tmp_path):
    path = tmp_path / "crash.log"
    code = (
        "import faulthandler\nfrom pathlib import Path\nfrom PySide6.QtCore import QCoreApplication\n"
        "from dpiat_gui.services.crash import CrashHook\n"
        f"application = QCoreApplication([])\nhook = CrashHook(print, Path({str(path)!r}))\nhook.install()\n"
        "def here():\n    faulthandler._sigsegv()\nhere()\n"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    ended = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True)
    assert ended.returncode < 0
    assert "Segmentation fault" in path.read_text()
    assert "in here" in path.read_text()
