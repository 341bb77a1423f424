"""What an action is, and the state that says whether it makes sense."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence

StandardKey = QKeySequence.StandardKey


@dataclass(frozen=True, slots=True)
class WindowState:
    """What is there at the moment; the enabled-when predicates read it.

    Parameters
    ----------
    source, target
        Whether each network is open.
    matching
        Whether both are, and are matched.
    selected
        Whether anything is selected.
    selected_target
        Whether a target layer or block is.
    selected_pair
        Whether both a source and a target are selected.
    overridden
        Whether an override names the selected target.
    overrides
        Whether there is any override.
    can_undo, can_redo
        Whether the undo stack has a step that way.
    problems
        Whether the matching has rows worth a look.
    hits
        Whether the search has hits.
    running
        Whether a job is running that can be cancelled.
    transferring
        Whether a transfer is.
    """

    source: bool = False
    target: bool = False
    matching: bool = False
    selected: bool = False
    selected_target: bool = False
    selected_pair: bool = False
    overridden: bool = False
    overrides: bool = False
    can_undo: bool = False
    can_redo: bool = False
    problems: bool = False
    hits: bool = False
    running: bool = False
    transferring: bool = False


Predicate = Callable[[WindowState], bool]


def always(_: WindowState) -> bool:
    """Return True, whatever there is."""
    return True


def any_network(state: WindowState) -> bool:
    """Return whether a network is open on either side."""
    return state.source or state.target


def both_open(state: WindowState) -> bool:
    """Return whether both networks are open, matched or not."""
    return state.source and state.target


def matched(state: WindowState) -> bool:
    """Return whether both networks are open and matched."""
    return state.matching


def pair(state: WindowState) -> bool:
    """Return whether a source and a target are selected in a matching."""
    return state.matching and state.selected_pair


def target_row(state: WindowState) -> bool:
    """Return whether a target row is selected in a matching."""
    return state.matching and state.selected_target


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the window can do.

    Parameters
    ----------
    id
        Name by which menus, the toolbar and the handlers know it.
    text
        What the menu says; ``&`` marks the mnemonic.
    group
        Heading in the shortcuts sheet.
    keys
        Standard keys and sequences; the first one is shown.
    icon
        Name of an icon in resources/icons, or "".
    tip
        One sentence for the tooltip.
    when
        Whether it makes sense in a given state.
    checkable
        Whether it is a switch.
    canvas
        True if its keys act only while the canvas has the focus, because lists and
        fields need them for themselves.
    """

    id: str
    text: str
    group: str
    keys: tuple[StandardKey | str, ...] = ()
    icon: str = ""
    tip: str = ""
    when: Predicate = always
    checkable: bool = False
    canvas: bool = False

    @property
    def plain_text(self) -> str:
        """Text without the mnemonic's mark and the dots."""
        return self.text.replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")

    def sequences(self) -> list[QKeySequence]:
        """Return the keys of this platform, each once; standard keys give those of the desktop."""
        found: dict[str, QKeySequence] = {}
        for key in self.keys:
            sequences = QKeySequence.keyBindings(key) if isinstance(key, StandardKey) else [QKeySequence(key)]
            for sequence in sequences:
                found.setdefault(sequence.toString(QKeySequence.SequenceFormat.PortableText), sequence)
        return list(found.values())
