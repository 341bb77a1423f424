"""Two matchings of the same networks, side by side: which others there are, and what their rows say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dpiat_gui.document.edits import with_trees
from dpiat_gui.document.selection import Selection
from dpiat_gui.document.state import DocumentState, fitting
from dpiat_gui.networks.values import ModuleTree
from dpiat_gui.ui.method_texts import MATCHERS, STANDARDIZATIONS, matcher_text
from dpiat_gui.ui.texts import cost, percent, plural

if TYPE_CHECKING:
    from dpiat_gui.matching.compare import Comparison
    from dpiat_gui.matching.values import Matching, Pair

AUTOMATIC = ""
"""Stands for the matching without overrides."""
STANDARDIZED = "standardized by "
"""Stands before the name of a standardization; what is left is the name of a matcher."""
_MATCHER, _STANDARDIZATION = "the matcher ", "the standardization "
KINDS = {"both": "in both", "added": "only here", "removed": "only there", "changed": "differs"}
KIND_TIPS = {
    "both": "Both matchings have this pair.",
    "added": "Only the present matching gives this target a source.",
    "removed": "Only the other matching gives this target a source.",
    "changed": "Both give this target a source, but not the same one.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One target of the two matchings.

    Parameters
    ----------
    kind
        One of `KINDS`.
    target
        Its path.
    here, there
        Its pairs in the present matching and in the other, None where it has none.
    difference
        What it adds to the total here, less what it adds there: spans and lost skips count.
    """

    kind: str
    target: str
    here: "Pair | None"
    there: "Pair | None"
    difference: float

    @property
    def selection(self) -> Selection:
        """What to select for it: its pair here, or the one it would have there."""
        pair = self.here or self.there
        return Selection(pair.source if pair else None, self.target)


@dataclass(frozen=True, slots=True)
class Answer:
    """The present matching held against another.

    Parameters
    ----------
    comparison
        The other one is its first matching, the present one its second.
    here, there
        Total scores of the present and of the other matching.
    shares_here, shares_there
        What the pair of each target adds to these totals.
    restandardized
        Whether the networks have other blocks there.
    misfits
        Number of overrides that cannot hold there.
    """

    comparison: "Comparison"
    here: float
    there: float
    shares_here: Mapping[str, float]
    shares_there: Mapping[str, float]
    restandardized: bool = False
    misfits: int = 0


def others() -> tuple[tuple[str, str, str], ...]:
    """Return the matchings that are always offered: key, text and a sentence about each."""
    found = [
        (AUTOMATIC, "the automatic matching, without overrides", "What your corrections changed, and cost.")
    ]
    found += [(name, _MATCHER + text, matcher_text(name)) for name, text in MATCHERS.items()]
    found += [
        (STANDARDIZED + name, _STANDARDIZATION + text, tip) for name, (text, tip) in STANDARDIZATIONS.items()
    ]
    return tuple(found)


def short_name(text: str) -> str:
    """Return the text of one of the `others`, or of a step, as short as a key beside a picture needs it."""
    for kind in (_MATCHER, _STANDARDIZATION):
        text = text.removeprefix(kind)
    return text.partition(",")[0].partition(":")[0]


def standardization_of(key: object) -> str:
    """Return the standardization that a key stands for, ``""`` for another kind of key."""
    return key[len(STANDARDIZED) :] if isinstance(key, str) and key.startswith(STANDARDIZED) else ""


def untraced(state: DocumentState, key: object, traced: Mapping[str, ModuleTree]) -> tuple[str, ...]:
    """Return the sides whose flow of information must be traced before they can be compared.

    Parameters
    ----------
    state
        The present state.
    key
        What it is compared with.
    traced
        Trees with their flows that are there already, by side; those of other networks count for nothing.
    """
    if standardization_of(key) != "graph":
        return ()
    sides = (("source", state.source), ("target", state.target))
    return tuple(
        side
        for side, network in sides
        if network is not None
        and network.tree.flow is None
        and not (side in traced and traced[side].fingerprint == network.fingerprint)
    )


def other_state(state: DocumentState, key: str, traced: Mapping[str, ModuleTree]) -> DocumentState:
    """Return the state whose matching is compared with; overrides count for all but the automatic one.

    Raises
    ------
    StandardizationError
        If the networks cannot be standardized so.
    """
    if key == AUTOMATIC:
        return replace(state, overrides=type(state.overrides)())
    method = standardization_of(key)
    if not method:
        return replace(state, options=replace(state.options, method=key))
    known = {
        side: tree
        for side, tree in traced.items()
        if getattr(state, side) is not None and getattr(state, side).fingerprint == tree.fingerprint
    }
    return with_trees(state, known if method == "graph" else {}, method)


def answer_to(
    state: DocumentState,
    present: "Matching",
    key: str,
    traced: Mapping[str, ModuleTree],
    step: "Matching | None" = None,
) -> Answer | None:
    """Solve the other matching and compare; pure, so that it may run in a thread.

    Parameters
    ----------
    state, present
        The present state, and its matching.
    key
        What to compare with, of `others`; of no account where there is a `step`.
    traced
        As for `untraced`.
    step
        The matching of a step of the history.

    Returns
    -------
    Answer or None
        None where there is no other matching.

    Raises
    ------
    StandardizationError
        As `other_state`.
    MatchError
        If the two are of different networks.
    """
    from dpiat_gui.matching.compare import compare
    from dpiat_gui.matching.explain import contributions

    if step is not None:
        other, misfits, there = step, 0, step.source.method
    else:
        wanted = other_state(state, key, traced)
        snapshot, refused = fitting(wanted)
        if snapshot.matching is None:
            return None
        other, misfits, there = snapshot.matching, len(refused), wanted.method
    restandardized = there != present.source.method
    return Answer(
        compare(other, present),
        present.score,
        other.score,
        contributions(present),
        contributions(other),
        restandardized,
        misfits,
    )


def rows_of(answer: Answer, present: "Matching", *, all_pairs: bool) -> list[Row]:
    """Return the rows in target order: the differences, and the pairs of both if asked for."""

    def row(kind: str, target: str, here: "Pair | None", there: "Pair | None") -> Row:
        difference = answer.shares_here.get(target, 0.0) - answer.shares_there.get(target, 0.0)
        return Row(kind, target, here, there, difference)

    comparison = answer.comparison
    rows = [row(change.kind, change.target, change.after, change.before) for change in comparison.changes]
    if all_pairs:
        # A pair of the same layers scores the same whatever found it; what it adds may differ by its span.
        rows += [row("both", pair.target, pair, pair) for pair in comparison.both]
    order = places(present)
    return sorted(rows, key=lambda row: order.get(row.target, 0))


def places(present: "Matching") -> Mapping[str, int]:
    """Return where each target layer stands, by path."""
    return {layer.path: at for at, layer in enumerate(present.target.layers)}


def figures(answer: Answer) -> str:
    """Say in numbers how the two differ: pairs on a line, scores on the next."""
    found = answer.comparison
    pairs = [
        plural(len(found.both), "pair in both", "pairs in both"),
        f"{len(found.only_second)} only here",
        f"{len(found.only_first)} only there",
        f"{percent(found.agreement)} agree",
        f"total score {cost(found.score_difference)} against the other",
    ]
    scores = [f"Total {answer.here:.3f} here, {answer.there:.3f} there."]
    if found.only_first or found.only_second:
        here = sum(answer.shares_here[pair.target] for pair in found.only_second)
        there = sum(answer.shares_there[pair.target] for pair in found.only_first)
        scores.append(f"Pairs of only one add {here:.3f} here, {there:.3f} there.")
        same = cost(answer.here - here - answer.there + there)
        if same != "±0":
            scores.append(f"Pairs in both add {same} by their spans and skips.")
    if answer.restandardized:
        scores.append("The totals are sums over other blocks: compare the pairs.")
    if answer.misfits:
        scores.append(f"{plural(answer.misfits, 'override')} cannot hold there.")
    return f"{' · '.join(pairs)}\n{' '.join(scores)}"
