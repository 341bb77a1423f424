"""Whether a window can be opened here, found out before Qt is asked: Qt aborts where it cannot."""

import ctypes
import os
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

_HEADLESS = frozenset({"offscreen", "minimal", "vnc", "linuxfb", "eglfs", "minimalegl", "vkkhrdisplay"})
_PACKAGES = ("libegl1", "libxkbcommon-x11-0", "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1")
"""What a Debian desktop may lack; they bring most of the rest along."""

_BROUGHT = ""
_ANY_LIBRARIES = {
    "libEGL.so.1": _BROUGHT,
    "libGL.so.1": "libgl1",
    "libX11.so.6": _BROUGHT,
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": _BROUGHT,
}
"""Libraries that Qt needs on any platform, each with the package that has to be named for it."""

_XCB_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": _BROUGHT,
    "libxcb-cursor.so.0": _BROUGHT,
    "libxcb-icccm.so.4": _BROUGHT,
    "libxcb-keysyms.so.1": _BROUGHT,
    "libxcb-image.so.0": _BROUGHT,
    "libxcb-render-util.so.0": _BROUGHT,
    "libxcb-xkb.so.1": _BROUGHT,
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
}
_WAYLAND_LIBRARIES = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}
_TIMEOUT = 3.0
_X_PORT = 6000

_HOW_ELSE = (
    "Without a display everything else works: `dpiat-gui transfer SOURCE TARGET -o OUT`, "
    "`dpiat-gui match`, `dpiat-gui similarity` and `dpiat-gui render`; see `dpiat-gui --help`."
)


def display_problem(
    environment: Mapping[str, str] | None = None,
    *,
    platform: str = sys.platform,
    loads: Callable[[str], bool] | None = None,
) -> str | None:
    """Say why no window can be opened here and what to do about it; None if one can.

    Nothing of Qt is imported, and nothing waits longer than some seconds.

    Parameters
    ----------
    environment
        The process's environment variables, if None.
    platform
        As `sys.platform` names it; only Linux and its like are looked at.
    loads
        Tells whether a shared library can be loaded.

    Returns
    -------
    str or None
        Some sentences for a terminal.
    """
    if platform in ("win32", "darwin"):
        return None
    values = os.environ if environment is None else environment
    loads = _loads if loads is None else loads
    wanted = values.get("QT_QPA_PLATFORM", "").partition(":")[0].partition(";")[0]
    if wanted in _HEADLESS:
        return _missing(_ANY_LIBRARIES, loads)
    wayland, x11 = values.get("WAYLAND_DISPLAY", ""), values.get("DISPLAY", "")
    if wanted.startswith("wayland") or (wayland and not wanted):
        if _wayland_answers(wayland, values):
            return _missing(_ANY_LIBRARIES | _WAYLAND_LIBRARIES, loads)
        if not x11:
            return (
                f"The Wayland display {wayland or 'wayland-0'!r} does not answer, so no window can be "
                f"opened. Run this from a terminal of the desktop you see. {_HOW_ELSE}"
            )
    if not x11:
        return (
            "There is no display: neither DISPLAY nor WAYLAND_DISPLAY is set, so no window can be opened. "
            "On this machine's own desktop, open a terminal there; over ssh, connect with `ssh -X`. "
            f"{_HOW_ELSE}"
        )
    if not _x11_answers(x11):
        return (
            f"The display DISPLAY={x11} does not answer, so no window can be opened. "
            f"Check that the X server runs and that you may use it (`xhost`, `ssh -X`). {_HOW_ELSE}"
        )
    return _missing(_ANY_LIBRARIES | _XCB_LIBRARIES, loads)


def _missing(libraries: Mapping[str, str], loads: Callable[[str], bool]) -> str | None:
    missing = [library for library in libraries if not loads(library)]
    if not missing:
        return None
    others = dict.fromkeys(libraries[library] for library in missing if libraries[library])
    return (
        f"The window needs system libraries that are missing: {', '.join(missing)}. "
        f"On Debian and Ubuntu: `sudo apt-get install {' '.join((*_PACKAGES, *others))}`. {_HOW_ELSE}"
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _wayland_answers(display: str, values: Mapping[str, str]) -> bool:
    if values.get("WAYLAND_SOCKET"):
        return True
    path = Path(values.get("XDG_RUNTIME_DIR", "/nowhere"), display or "wayland-0")
    return _connects(socket.AF_UNIX, str(path))


def _x11_answers(display: str) -> bool:
    """Ask the X server by its own library, which knows about permissions; by a socket without it."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return _x11_listens(display)
    # Where a host cannot be reached, libxcb would wait for minutes.
    remote = display.rpartition(":")[0] not in ("", "unix")
    if remote and not _x11_listens(display):
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    if int(xcb.xcb_connection_has_error(connection)) == 0:
        # The connection stays open on purpose: a server such as Xvfb starts afresh when its last
        # client goes, and would refuse the window that comes a moment later.
        return True
    xcb.xcb_disconnect(connection)
    return False


def _x11_listens(display: str) -> bool:
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdecimal():
        return False
    if host.startswith("/"):  # macOS's XQuartz names its socket
        return _connects(socket.AF_UNIX, f"{host}:{number}") or _connects(socket.AF_UNIX, host)
    if host in ("", "unix"):
        name = f"/tmp/.X11-unix/X{number}"
        return _connects(socket.AF_UNIX, name) or _connects(socket.AF_UNIX, f"\0{name}")
    try:
        with closing(socket.create_connection((host.strip("[]"), _X_PORT + int(number)), _TIMEOUT)):
            return True
    except (OSError, OverflowError):
        return False


def _connects(family: int, address: str) -> bool:
    try:
        with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
            probe.settimeout(_TIMEOUT)
            probe.connect(address)
            return True
    except (OSError, ValueError):
        return False
