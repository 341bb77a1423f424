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
        if one.fingerprint != other.fingerprint:
            raise MatchError(
                f"{one.name} and {other.name} are different networks.",
                "Only matchings of the same two networks can be compared.",
            )
    sets = [{(pair.source, pair.target) for pair in matching.pairs} for matching in (first, second)]
    order = {layer.path: at for at, layer in enumerate(first.target.layers)}
    targets = sorted({*first.by_target, *second.by_target}, key=order.__getitem__)
    changes = (Change(path, first.by_target.get(path), second.by_target.get(path)) for path in targets)
    return Comparison(
        both=tuple(pair for pair in second.pairs if (pair.source, pair.target) in sets[0]),
        only_first=tuple(pair for pair in first.pairs if (pair.source, pair.target) not in sets[1]),
        only_second=tuple(pair for pair in second.pairs if (pair.source, pair.target) not in sets[0]),
        changes=tuple(
            change
            for change in changes
            if (change.before and change.before.source) != (change.after and change.after.source)
        ),
        score_difference=second.score - first.score,
    )
