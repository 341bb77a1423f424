"""Every way to edit the document; each is one flat command, computed before it is pushed."""

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from dpiat_gui.document import edits
from dpiat_gui.document.commands import MERGED
from dpiat_gui.document.corrections import each_of, without
from dpiat_gui.document.history import RecordedDocument
from dpiat_gui.document.pinning import PinChecker
from dpiat_gui.document.places import places_of
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.solving import Solution, Wish, is_slow, solve_wish
from dpiat_gui.document.state import same_tables
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.values import MatchOptions, Overrides
from dpiat_gui.networks.values import ModuleTree, Network
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.options import TITLES, with_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dpiat_gui.matching.tables import ScoreTables


class EditableDocument(RecordedDocument):
    """The document with its edits.

    An edit that cannot be done raises a `DpiatError` and changes nothing: no value, no signal,
    no step of undo. An edit that would change nothing is no step either.
    """

    _checker: PinChecker | None = None

    # -- networks ------------------------------------------------------------------------

    def set_source(self, network: Network, reference: str = "") -> None:
        """Open a source network; overrides that still fit are kept, the others reported.

        Opening can be undone: a step holds the network itself, which is its structure alone.

        Parameters
        ----------
        network
            The network; it is standardized anew if the target was made by another method.
        reference
            Where it comes from, `network.origin` if left out.
        """
        state = edits.with_network(self.wanted, network, reference, source=True)
        self._refit(f"Open {network.name} as source", state)

    def set_target(self, network: Network, reference: str = "") -> None:
        """Open a target network, as `set_source`."""
        state = edits.with_network(self.wanted, network, reference, source=False)
        self._refit(f"Open {network.name} as target", state)

    def swap(self) -> None:
        """Exchange source and target; pins and bans turn with them, what names a target alone is dropped.

        Those that are kept disabled likewise.
        """
        self._refit("Swap source and target", edits.swapped(self.wanted))

    def set_method(self, method: str) -> None:
        """Standardize both networks by another method.

        Raises
        ------
        StandardizationError
            If there is no such method, or it does not work for a network.
        """
        self._refit(f"Standardize by {method}", edits.with_method(self.wanted, method))

    def set_traced(self, trees: "Mapping[str, ModuleTree]", method: str = "", matcher: str = "") -> None:
        """Take up networks whose flow of information was traced, in one step with what asked for it.

        Parameters
        ----------
        trees
            The same networks with their flows, by side: ``source``, ``target``.
        method
            Another standardization, ``""`` for the present one.
        matcher
            Another matcher, ``""`` for the present one.

        Raises
        ------
        StandardizationError
            As `set_method`.
        """
        state = edits.with_trees(self.wanted, trees, method or self.wanted.method)
        if matcher:
            state = replace(state, options=replace(state.options, method=matcher))
        text = f"Set method to {matcher}" if matcher else f"Standardize by {state.method}"
        self._refit(text, state)

    # -- overrides -----------------------------------------------------------------------

    def pin(self, source: str, target: str) -> None:
        """Make the target take from the source; a pin or ban in its own way is replaced.

        Raises
        ------
        OverrideError
            If the pair cannot hold; where another pin is in the way, it is named.
        """
        self._need_tables()
        overrides = self.wanted.overrides
        if (source, target) not in overrides.pins:
            self._override(f"Pin {source} to {target}", overrides.with_pin(source, target), target=target)

    def ban(self, source: str, target: str) -> None:
        """Forbid a pair; of two blocks, pins on layers inside both give way.

        Raises
        ------
        OverrideError
            If a path is unknown, or one names a block and the other a layer.
        """
        tables = self._need_tables()
        cleared = edits.without_pins_inside(self.wanted.overrides, tables, target, source)
        self._override(f"Ban {source} from {target}", cleared.with_ban(source, target), target=target)

    def set_fresh(self, target: str) -> None:
        """Let a target layer or block keep its own initialisation; pins on it give way.

        Raises
        ------
        OverrideError
            If the target has no such path.
        """
        tables = self._need_tables()
        cleared = edits.without_pins_inside(self.wanted.overrides, tables, target)
        self._override(f"Leave {target} fresh", cleared.with_fresh(target), target=target)

    def set_operator(self, target: str, operator: str | None) -> None:
        """Fit what a target layer or block takes by an operator of its own; None for that of the options.

        Raises
        ------
        OverrideError
            If the target has no such path, or there is no such operator.
        """
        tables = self._need_tables()
        if target not in places_of(tables.target, tables.options.layer_types):
            raise OverrideError(f"The target has no layer or block {target}.", "Choose one that is drawn.")
        if operator is not None and operator not in OPERATORS:
            hint = f"Use one of: {', '.join(OPERATORS)}."
            raise OverrideError(f"There is no transfer operator named {operator!r}.", hint)
        text = f"Fit {target} by {operator}" if operator else f"Fit {target} as all others"
        self._override(text, self.wanted.overrides.with_operator(target, operator), target=target)

    def clear_override(self, target: str) -> None:
        """Drop every override on a target; on a block, those on its layers too."""
        self._override(
            f"Clear override of {target}", edits.without_target(self.wanted.overrides, self.tables, target)
        )

    def clear_overrides(self) -> None:
        """Drop every override, enabled or not."""
        state = replace(self.wanted, overrides=Overrides(), disabled=Overrides())
        self._edit("Clear all overrides", state)

    def can_pin(self, source: str, target: str) -> str | None:
        """Return why a pair cannot be pinned, None if it can; quick enough to ask while dragging."""
        if self.tables is None:
            return "Open two networks that can be matched first."
        if source == "" or target == "":
            return "Choose a layer or a block on each side."
        if self._checker is None or not self._checker.belongs_to(self.tables, self.overrides):
            self._checker = PinChecker(self.tables, self.overrides)
        return self._checker.reason(source, target)

    # -- options and settings ------------------------------------------------------------

    def set_options(self, options: MatchOptions | None = None, **changes: Any) -> None:
        """Change options of the matching: all of them, or those named.

        Overrides that no longer fit are disabled and reported.

        Raises
        ------
        MatchError
            If a value has no meaning.
        """
        before = self.wanted.options
        after = replace(options or before, **changes)
        differing = [
            option.name
            for option in fields(MatchOptions)
            if getattr(after, option.name) != getattr(before, option.name)
        ]
        if not differing:
            return
        name = differing[0] if len(differing) == 1 else "options"
        text = f"Set {name.replace('_', ' ')}"
        if len(differing) == 1:
            text = f"{text} to {getattr(after, name)}"
        setting = "match_seed" if name == "seed" else name
        self._refit(text, replace(self.wanted, options=after), setting if setting in MERGED else "")

    def set_preset(self, preset: str) -> None:
        """Take all options of a preset, those of the transfer included.

        Raises
        ------
        MatchError
            If there is no such preset.
        """
        self._refit(f"Use preset {preset}", edits.with_preset(self.wanted, preset))

    def set_transfer(self, **named: Any) -> None:
        """Set one option of the transfer, such as ``operator="clip"``.

        Raises
        ------
        TransferError
            If there is no such option.
        """
        ((name, value),) = named.items()
        after = with_options(self.wanted.transfer, **named)
        what = TITLES.get(name, name)
        verb = "Use" if value else "Leave"
        text = f"Set {what} to {value}" if isinstance(value, str) and value else f"{verb} {what}"
        self._edit(text, replace(self.wanted, transfer=after), "operator" if name == "operator" else "")

    def set_seed(self, seed: int) -> None:
        """Set the seed of the target's own initialisation."""
        self._edit(f"Set seed to {seed}", replace(self.wanted, seed=seed), "seed")

    def set_device(self, device: str) -> None:
        """Choose where the transfer runs."""
        self._edit(f"Set device to {device}", replace(self.wanted, device=device), "device")

    def set_writing(self, **named: Any) -> None:
        """Choose how the checkpoint is written, by fields of `Writing`; what is not named stays.

        Raises
        ------
        TransferError
            If a size is too small.
        """
        writing = replace(self.wanted.writing, **named)
        self._edit("Set how the checkpoint is written", replace(self.wanted, writing=writing))

    def rematch(self) -> None:
        """Solve everything again from nothing, and say how it came out."""
        if self.source is not None and self.target is not None and not self.solving:
            self._assign_anew(Wish("", self.wanted, told=self._tell_rematched))

    def _assign_anew(self, wish: Wish) -> None:
        if self._jobs is not None and is_slow(wish.state):
            self._solve_in_job(wish, None)
        else:
            self._forget_wish()
            self._grant(wish, solve_wish(wish, None))

    def _tell_rematched(self, solution: Solution) -> None:
        snapshot = solution.snapshot
        if snapshot.error is not None:
            self.message.emit(str(snapshot.error))
        elif snapshot.matching is not None:
            pairs, score = len(snapshot.matching.pairs), snapshot.matching.score
            self.message.emit(f"Matched again: {pairs} pairs, score {score:.3f}.")

    # -- how ----------------------------------------------------------------------------

    def _need_tables(self) -> "ScoreTables":
        if self.solving and not same_tables(self.wanted, self.state):
            raise OverrideError(
                "The matching is being solved.", "Wait until it is there, or cancel it first with Esc."
            )
        if self.tables is None:
            raise self.match_error or OverrideError(
                "Nothing can be overridden before two networks are matched.", "Open both networks first."
            )
        return self.tables

    def _override(self, text: str, overrides: Overrides, target: str | None = None) -> None:
        """Replace the overrides, and let the selection show the new partner of the target."""
        asked = Selection(target=target) if target is not None else None
        # What is made anew is no longer kept as a disabled one.
        disabled = without(self.wanted.disabled, each_of(overrides))
        self._edit(text, replace(self.wanted, overrides=overrides, disabled=disabled), asked=asked)
