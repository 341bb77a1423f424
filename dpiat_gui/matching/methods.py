"""The matchers there are, and what each lets pairs do (paper, appendix B.8)."""

from dataclasses import dataclass
from enum import Enum


class Rule(Enum):
    """What the pairs of two sequences may do."""

    ORDERED = "one source may serve a span of targets, and no two pairs cross"
    ONE_TO_ONE = "a source serves one target at the most, and pairs may cross"


@dataclass(frozen=True, slots=True)
class Method:
    """A matcher.

    Parameters
    ----------
    name
        As in the option ``method``.
    title
        What to call it in one line.
    entries, layers
        What holds between the networks' entries, and between the layers inside matched blocks.
    layerwise
        True if it knows no blocks: every layer is an entry by itself.
    branches
        True if it aligns parallel branches, which only the flow of information tells.
    """

    name: str
    title: str
    entries: Rule
    layers: Rule
    layerwise: bool = False
    branches: bool = False

    @property
    def keeps_order(self) -> bool:
        """Whether no two matched layers ever cross."""
        return self.entries is Rule.ORDERED and self.layers is Rule.ORDERED and not self.branches


METHODS = {
    method.name: method
    for method in (
        Method("dp", "DPIAT: blocks by dynamic programming, then their layers", Rule.ORDERED, Rule.ORDERED),
        Method(
            "dp-branch",
            "DPIAT with parallel branches of a block assigned to each other first",
            Rule.ORDERED,
            Rule.ORDERED,
            branches=True,
        ),
        Method(
            "flat",
            "all layers in one row, by dynamic programming",
            Rule.ORDERED,
            Rule.ORDERED,
            layerwise=True,
        ),
        Method(
            "bipartite",
            "blocks as DPIAT has them, their layers by best assignment",
            Rule.ORDERED,
            Rule.ONE_TO_ONE,
        ),
        Method("nested-bipartite", "blocks and layers by best assignment", Rule.ONE_TO_ONE, Rule.ONE_TO_ONE),
        Method(
            "random",
            "any layers of the same type, by lot: the baseline",
            Rule.ONE_TO_ONE,
            Rule.ONE_TO_ONE,
            layerwise=True,
        ),
    )
}
"""Matchers by name."""
