import contextlib
import os
import shutil
import socket
import subprocess
import sys

import pytest

from dpiat_gui.services.display import display_problem

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at Linux displays")


def every(library):
    return True


def test_without_any_display_it_says_what_to_do_and_what_works_all_the_same():
    problem = display_problem({}, loads=every)
    assert "no display" in problem
    for word in ("DISPLAY", "ssh -X", "dpiat-gui transfer"):
        assert word in problem


@pytest.mark.parametrize(
    "display", [":4711", "unix:4711", "nonsense", ":", ":x", "localhost:4711.0", ":99999999"]
)
def test_a_display_that_does_not_answer_is_named(display):
    problem = display_problem({"DISPLAY": display}, loads=every)
    assert f"DISPLAY={display} does not answer" in problem


def test_a_listener_that_is_no_x_server_does_not_count(tmp_path):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind("\0/tmp/.X11-unix/X4712")
        server.listen()
        # It accepts, says nothing and hangs up.
        pid = os.fork()
        if pid == 0:
            server.accept()[0].close()
            os._exit(0)
        server.close()
        problem = display_problem({"DISPLAY": ":4712"}, loads=every)
        os.waitpid(pid, 0)
    assert "does not answer" in problem


def test_offscreen_needs_no_display():
    assert display_problem({"QT_QPA_PLATFORM": "offscreen"}, loads=every) is None
    assert display_problem({"QT_QPA_PLATFORM": "offscreen:size=1x1"}, loads=every) is None


def test_missing_libraries_are_named_with_their_packages():
    problem = display_problem(
        {"QT_QPA_PLATFORM": "offscreen"}, loads=lambda library: library not in ("libEGL.so.1", "libGL.so.1")
    )
    assert "libEGL.so.1, libGL.so.1." in problem
    assert "libegl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libgl1`" in problem


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_always_have_a_display(platform):
    assert display_problem({}, platform=platform) is None


def test_wayland_counts_if_its_socket_answers(tmp_path):
    values = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert "Wayland display 'wayland-7' does not answer" in display_problem(values, loads=every)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        assert display_problem(values, loads=every) is None


@pytest.mark.skipif(not shutil.which("Xvfb"), reason="needs Xvfb")
def test_a_real_x_server_counts_until_it_is_gone():
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    try:
        with os.fdopen(reading) as stream:
            os.close(writing)
            values = {"DISPLAY": f":{stream.readline().strip()}"}
        # Again and again: a server that starts afresh after its last client refuses the next one.
        for _ in range(10):
            assert display_problem(values, loads=every) is None
        libraries = []
        problem = display_problem(
            values, loads=lambda library: libraries.append(library) or library != "libxcb-cursor.so.0"
        )
        assert "libxcb-cursor.so.0" in problem
        assert "libxcb-cursor0" in problem
    finally:
        server.terminate()
        server.wait()
    assert "does not answer" in display_problem(values, loads=every)


def test_nothing_of_qt_is_imported_to_find_out():
    code = (
        "import sys; from dpiat_gui.services.display import display_problem; display_problem({}); "
        "sys.exit(any(name.startswith(('PySide6', 'shiboken6', 'torch')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
