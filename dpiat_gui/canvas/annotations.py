"""What others ask the canvas to draw beside a matching: plain values."""

from dataclasses import dataclass
from typing import Literal

PathPair = tuple[str, str]
"""The paths of a source and a target."""

Level = Literal["ok", "warn", "bad"]

LEVELS: tuple[Level, ...] = ("ok", "warn", "bad")
"""From best to worst."""


@dataclass(frozen=True, slots=True)
class PinPreview:
    """What pinning a pair would change, shown while a curve is held over a row.

    Parameters
    ----------
    score_change
        What is added to the matching's total score; rarely above 0.
    added, removed
        Pairs of layers or blocks, by path, that would come and go.
    text
        A line that says it in words; empty for one made from `score_change`.
    """

    score_change: float
    added: tuple[PathPair, ...] = ()
    removed: tuple[PathPair, ...] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """The change in words, with the numbers of pairs that come and go."""
        # Never "-0.00": what is rounded to nothing is no loss.
        change = round(self.score_change, 2) + 0.0
        lines = [self.text or f"total {change:+.2f}".replace("-", "\N{MINUS SIGN}")]
        counts = [
            f"{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} {word}"
            for pairs, word in ((self.added, "added"), (self.removed, "removed"))
            if pairs
        ]
        if counts:
            lines.append(", ".join(counts))
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class LayerMark:
    """A badge at the end of a row.

    Parameters
    ----------
    text
        A few characters, such as a number.
    level
        How it is meant: told by colour and by a sign beside the text.
    tooltip
        What it says in full, on the hover card.
    """

    text: str
    level: Level = "ok"
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonOverlay:
    """How another matching of the same networks differs from the one that is drawn.

    Parameters
    ----------
    only_before
        Pairs of paths that only the other matching has: drawn as dashed ghosts.
    only_now
        Pairs that only the drawn matching has: drawn with a halo.
    before, now
        Names of the two, for the key.
    """

    only_before: tuple[PathPair, ...] = ()
    only_now: tuple[PathPair, ...] = ()
    before: str = "before"
    now: str = "now"


def worst(marks: "list[LayerMark]") -> LayerMark | None:
    """Return the mark of the worst level, the first of equals; None if there is none."""
    return max(marks, key=lambda mark: LEVELS.index(mark.level), default=None)
