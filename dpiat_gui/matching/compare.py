"""Two matchings of the same networks compared: of two methods, or before and after an edit."""

from dataclasses import dataclass

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.values import Matching, Pair


@dataclass(frozen=True, slots=True)
class Change:
    """A target that has another source in the second matching than in the first.

    Parameters
    ----------
    target
        Path of the target layer.
    before, after
        Its pairs; None where it is unmatched.
    """

    target: str
    before: Pair | None
    after: Pair | None

    @property
    def kind(self) -> str:
        """``added``, ``removed`` or ``changed``."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"


@dataclass(frozen=True)
class Comparison:
    """What two matchings share and where they differ.

    Parameters
    ----------
    both
        Pairs of both, as the second one has them, in target order.
    only_first, only_second
        Pairs of one alone, in target order.
    changes
        The differing targets, in target order.
    score_difference
        The second total score less the first.
    """

    both: tuple[Pair, ...]
    only_first: tuple[Pair, ...]
    only_second: tuple[Pair, ...]
    changes: tuple[Change, ...]
    score_difference: float

    @property
    def agreement(self) -> float:
        """Share of all pairs that both have; 1 for two empty matchings."""
        every = len(self.both) + len(self.only_first) + len(self.only_second)
        return len(self.both) / every if every else 1.0


def compare(first: Matching, second: Matching) -> Comparison:
    """Compare two matchings of the same two networks.

    Raises
    ------
    MatchError
        If they are of different networks.
    """
    for one, other in ((first.source, second.source), (first.target, second.target)):
        if one is not other and one.fingerprint != other.fingerprint:
            raise MatchError(
                f"{one.name} and {other.name} are different networks.",
                "Only matchings of the same two networks can be compared.",
            )
    # Matchings solved from the same tables share the pairs of blocks that stayed together.
    same = {id(entry.pairs) for entry in first.entry_pairs} & {
        id(entry.pairs) for entry in second.entry_pairs
    }
    before, after = (
        [pair for entry in matching.entry_pairs if id(entry.pairs) not in same for pair in entry.pairs]
        for matching in (first, second)
    )
    both = {pair[:2] for pair in before} & {pair[:2] for pair in after}
    only_first = tuple(pair for pair in before if pair[:2] not in both)
    only_second = tuple(pair for pair in after if pair[:2] not in both)
    return Comparison(
        both=tuple(
            pair
            for entry in second.entry_pairs
            for pair in entry.pairs
            if id(entry.pairs) in same or pair[:2] in both
        ),
        only_first=only_first,
        only_second=only_second,
        changes=_changes(first, only_first, only_second),
        score_difference=second.score - first.score,
    )


def _changes(
    first: Matching, only_first: tuple[Pair, ...], only_second: tuple[Pair, ...]
) -> tuple[Change, ...]:
    """Join the pairs of one matching alone by their targets, in target order."""
    before, after = ({pair.target: pair for pair in pairs} for pairs in (only_first, only_second))
    changed = before.keys() | after.keys()
    targets = [layer.path for layer in first.target.layers if layer.path in changed]
    return tuple(Change(path, before.get(path), after.get(path)) for path in targets)
