"""Correcting many pairs at once: every gesture, however much it changes, is one flat step."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from dpiat_gui.document import corrections, edits
from dpiat_gui.document.corrections import Override, each_of, joined, overrides_of, without
from dpiat_gui.document.editing import EditableDocument
from dpiat_gui.document.pinning import MoveChecker, Outcome, outcome_of
from dpiat_gui.document.solving import is_slow_again
from dpiat_gui.errors import OverrideError
from dpiat_gui.matching.values import Overrides

Pairs = Sequence[tuple[str, str]]


class CorrectingDocument(EditableDocument):
    """The document with the edits that take several overrides at once, or look at what is in the way.

    They raise what the edits of `EditableDocument` raise, and like them change nothing then.
    """

    _mover: MoveChecker | None = None

    def pin_all(self, pairs: Pairs, text: str = "") -> None:
        """Pin several pairs; those that are pinned already are left alone.

        Parameters
        ----------
        pairs
            Of a source and a target.
        text
            What the step is called; from the pairs if left out.
        """
        self._need_tables()
        before = self.wanted.overrides
        wanted = [pair for pair in pairs if pair not in before.pins]
        if wanted:
            text = text or _text("Pin", [f"{s} to {t}" for s, t in wanted], "pairs")
            self._override_all(text, corrections.with_pins(before, wanted), [t for _, t in wanted])

    def ban_all(self, pairs: Pairs) -> None:
        """Ban several pairs; of two blocks, pins on layers inside both give way."""
        tables = self._need_tables()
        cleared = self.wanted.overrides
        for source, target in pairs:
            cleared = edits.without_pins_inside(cleared, tables, target, source)
        text = _text("Ban", [f"{s} from {t}" for s, t in pairs], "pairs")
        self._override_all(text, corrections.with_bans(cleared, pairs), [t for _, t in pairs])

    def set_fresh_all(self, targets: Sequence[str]) -> None:
        """Let several targets keep their own initialisation; pins on them give way."""
        tables = self._need_tables()
        cleared = self.wanted.overrides
        for target in targets:
            cleared = edits.without_pins_inside(cleared, tables, target)
        text = f"Leave {targets[0]} fresh" if len(targets) == 1 else f"Leave {len(targets)} targets fresh"
        self._override_all(text, corrections.with_fresh(cleared, targets), targets)

    def clear_all_of(self, targets: Sequence[str]) -> None:
        """Drop every override on several targets; on a block, those on its layers too."""
        rest = self.wanted.overrides
        for target in targets:
            rest = edits.without_target(rest, self.tables, target)
        self._override_all(_text("Clear override of", targets, "targets"), rest, targets)

    def accept(self, pairs: Pairs = (), above: float | None = None) -> int:
        """Pin what the solver found, so that later corrections leave it alone.

        Parameters
        ----------
        pairs
            Which; all of them if empty.
        above
            The least score of those that are pinned.

        Returns
        -------
        int
            How many pairs are pinned that were not.
        """
        matching = self.matching
        if matching is None:
            raise OverrideError("Nothing is matched yet.", "Open both networks first.")
        found = corrections.found_pairs(matching, above)
        if pairs:
            chosen = set(pairs)
            # Whole blocks are accepted too, where they are what was chosen.
            found += corrections.found_blocks(matching)
            found = tuple(pair for pair in dict.fromkeys(found) if pair in chosen)
        if found:
            which = f" that score {above:g} or more" if above is not None else ""
            count = f"{len(found)} pairs{which}" if len(found) > 1 else f"{found[0][0]} to {found[0][1]}"
            self.pin_all(found, f"Accept {count}")
        return len(found)

    def repin(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        """Move an end of a pair: pin the new pair in place of the old one.

        The old pair's pin goes; where the solver would keep the pair beside the new one, as it may
        with a source that serves several targets, it is banned, so that moved means moved.
        """
        if old == new:
            return
        self._need_tables()
        overrides = self._moved(old, new)
        end = f"{old[0]} from {old[1]} to {new[1]}" if old[0] == new[0] else f"{new[1]} to {new[0]}"
        self._override(f"Move {end}", overrides, target=new[1])

    def _moved(self, old: tuple[str, str], new: tuple[str, str]) -> Overrides:
        """Return the overrides with a pair moved.

        Raises
        ------
        OverrideError
            If the new pair cannot be pinned.
        """
        overrides = without(self.wanted.overrides, [Override("pin", *old)]).with_pin(*new)
        if old[1] != new[1] and self.tables is not None and not is_slow_again(self._snapshot):
            # Here and not above, as everywhere: the window paints before it loads NumPy.
            from dpiat_gui.matching.engine import solve

            solved = solve(self.tables, overrides)
            kept = any((pair.source, pair.target) == old for pair in solved.pairs) or any(
                (solved.source_entries[e.source].path, solved.target_entries[e.target].path) == old
                for e in solved.entry_pairs
            )
            if kept:
                overrides = overrides.with_ban(*old)
        return overrides

    def can_repin(self, old: tuple[str, str], new: tuple[str, str]) -> str | None:
        """Return why a pair cannot be moved, None if it can; quick enough to ask while dragging."""
        if self.tables is None:
            return "Open two networks that can be matched first."
        tables, overrides = self.tables, self.overrides
        if self._mover is None or not self._mover.belongs_to(tables, overrides, old):
            self._mover = MoveChecker(tables, overrides, old)
        return self._mover.reason(*new)

    def outcome_of_move(self, old: tuple[str, str], new: tuple[str, str]) -> Outcome | None:
        """Return what moving a pair would change, as `outcome_of_pin`."""
        tables, matching = self.tables, self.matching
        if tables is None or matching is None or is_slow_again(self._snapshot):
            return None
        try:
            return outcome_of(tables, matching, self._moved(old, new))
        except OverrideError:
            return None

    def outcome_of_pin(self, source: str, target: str) -> Outcome | None:
        """Return what pinning a pair would change; None if it cannot hold, or that takes too long to say."""
        tables, matching = self.tables, self.matching
        if tables is None or matching is None or is_slow_again(self._snapshot):
            return None
        return outcome_of(tables, matching, self.overrides.with_pin(source, target))

    def in_the_way(self, source: str, target: str) -> tuple[Override, ...]:
        """Return the overrides that keep a pair from being pinned."""
        if self.tables is None:
            return ()
        return corrections.in_the_way(self.tables, self.wanted.overrides, source, target)

    def pin_instead(self, source: str, target: str) -> None:
        """Pin a pair and drop the overrides that are in its way."""
        others = self.in_the_way(source, target)
        rest = without(self.wanted.overrides, others)
        what = others[0].text if len(others) == 1 else f"{len(others)} overrides"
        text = f"Pin {source} to {target} in place of {what}" if others else f"Pin {source} to {target}"
        self._override(text, rest.with_pin(source, target), target=target)

    # -- the list of overrides ---------------------------------------------------------------

    def set_enabled(self, overrides: Collection[Override], enabled: bool) -> None:
        """Let overrides count again, or keep them without effect.

        Raises
        ------
        OverrideError
            If one that is enabled cannot hold.
        """
        state = self.wanted
        gone, kept = (state.disabled, state.overrides) if enabled else (state.overrides, state.disabled)
        moved = overrides_of(one for one in each_of(gone) if one in set(overrides))
        if not moved:
            return
        rest, more = without(gone, overrides), joined(kept, moved)
        text = _text("Enable" if enabled else "Disable", [one.text for one in each_of(moved)], "overrides")
        after = (more, rest) if enabled else (rest, more)
        self._edit(text, replace(state, overrides=after[0], disabled=after[1]))

    def enable_instead(self, override: Override) -> None:
        """Enable an override and disable those that keep it from holding."""
        state = self.wanted
        source = override.source
        others = self.in_the_way(source, override.target) if source and override.kind == "pin" else ()
        # What `in_the_way` leaves out since a new pin replaces it: this one does not, so it is disabled too.
        others += tuple(
            one
            for one in each_of(state.overrides)
            if override.kind == "pin" and one.target == override.target and one not in others
        )
        overrides = joined(without(state.overrides, others), overrides_of([override]))
        disabled = joined(without(state.disabled, [override]), overrides_of(others))
        text = f"Enable {override.text} in place of others"
        self._edit(text, replace(state, overrides=overrides, disabled=disabled))

    def remove_overrides(self, overrides: Collection[Override]) -> None:
        """Drop overrides, enabled or not."""
        state = self.wanted
        every = (*each_of(state.overrides), *each_of(state.disabled))
        there = [one for one in every if one in set(overrides)]
        if there:
            text = _text("Remove", [one.text for one in there], "overrides")
            rest, disabled = without(state.overrides, there), without(state.disabled, there)
            self._edit(text, replace(state, overrides=rest, disabled=disabled))

    def apply_overrides(
        self, overrides: Overrides, disabled: Overrides | None = None, text: str = "Import overrides"
    ) -> None:
        """Add overrides made elsewhere; those that do not fit are kept disabled, and reported.

        Parameters
        ----------
        overrides, disabled
            To be added to those there are.
        text
            What the step is called.
        """
        state = self.wanted
        own = each_of(state.overrides)
        more = without(overrides, own)
        all_disabled = without(joined(state.disabled, disabled or Overrides()), (*own, *each_of(more)))
        state = replace(state, overrides=joined(state.overrides, more), disabled=all_disabled)
        self._refit(text, state)

    def exchange_overrides(self, exchanged: Mapping[Override, Override | None]) -> None:
        """Put overrides in the place of some that do not fit; None only removes one.

        Raises
        ------
        OverrideError
            If a new one cannot hold.
        """
        state = self.wanted
        new = overrides_of(one for one in exchanged.values() if one is not None)
        rest, disabled = without(state.overrides, exchanged), without(state.disabled, exchanged)
        text = _text("Use near paths for", [one.text for one in exchanged], "overrides")
        self._edit(text, replace(state, overrides=joined(rest, new), disabled=disabled))

    def _override_all(self, text: str, overrides: Overrides, targets: Sequence[str]) -> None:
        self._override(text, overrides, target=targets[0] if len(targets) == 1 else None)


def _text(doing: str, what: Sequence[str], many: str) -> str:
    return f"{doing} {what[0]}" if len(what) == 1 else f"{doing} {len(what)} {many}"
