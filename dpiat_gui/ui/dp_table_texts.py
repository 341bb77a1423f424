"""Words and numbers of the table D, in the paper's notation: targets T, sources S, cells D[i][j]."""

import math
from typing import TYPE_CHECKING

from dpiat_gui.ui.texts import plural
from dpiat_gui.ui.words import word

if TYPE_CHECKING:
    from dpiat_gui.matching.explain import Cell, SpanValue
    from dpiat_gui.matching.named_tables import Name, NamedTable

NOTHING = "−∞"
"""How a value is written that no matching can have."""

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

WORDS = {
    key: word(name)
    for key, name in {
        "score": "score",
        "total": "total",
        "path": "way back",
        "span": "span",
        "skip": "skip factor",
        "pin": "pin",
        "ban": "ban",
        "fresh": "fresh",
    }.items()
}
"""Every technical word of the two panes, as the glossary has it."""


def subscript(number: int) -> str:
    """Return a number as a subscript."""
    return str(number).translate(_SUBSCRIPTS)


def target(row: int) -> str:
    """Return the name of a target: ``T₃``."""
    return f"T{subscript(row)}"


def source(column: int) -> str:
    """Return the name of a source: ``S₂``."""
    return f"S{subscript(column)}"


def targets(first: int, last: int) -> str:
    """Return the name of a span of targets: ``T₂``, ``T₂ and T₃``, ``T₂ to T₅``."""
    if first == last:
        return target(first)
    return f"{target(first)} {'and' if last == first + 1 else 'to'} {target(last)}"


def place(row: int, column: int) -> str:
    """Return the name of a cell: ``D[3][2]``."""
    return f"D[{row}][{column}]"


def number(value: float, digits: int = 3) -> str:
    """Return a value as it is written: ``2.414``, ``0``, ``−∞``."""
    if math.isinf(value):
        return NOTHING if value < 0 else "∞"
    if value == 0:
        return "0"
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits and value == round(value) else text


def divisor(length: int, exponent: float) -> str:
    """Return the divisor of a span as it is written: ``√3``, or ``3^0.3``."""
    return f"√{length}" if exponent == 0.5 else f"{length}^{exponent:g}"


def members(named: "NamedTable", cell: "Cell", span: "SpanValue") -> list[float]:
    """Return the scores that a span adds up, in the order of its targets."""
    scores = named.table.scores
    return [float(scores[at, cell.column - 1]) for at in range(span.first, cell.row)]


def span_terms(named: "NamedTable", cell: "Cell", span: "SpanValue", most: int = 4) -> str:
    """Return what a span is worth with its numbers: ``1 + (0.5 + 1) / √2``.

    Parameters
    ----------
    named, cell, span
        The table, the cell where the span ends, and the span.
    most
        With more members only their sum is written.
    """
    scores = members(named, cell, span)
    if len(scores) == 1:
        return f"{number(span.before)} + {number(scores[0])}"
    summed = " + ".join(map(number, scores)) if len(scores) <= most else number(span.total)
    inside = f"({summed})" if len(scores) <= most else summed
    return f"{number(span.before)} + {inside} / {divisor(len(scores), named.table.exponent)}"


def cell_words(named: "NamedTable", row: int, column: int) -> str:
    """Return everything about a cell in words, for a line of text and a screen reader."""
    if row == 0 or column == 0:
        missing = "no targets" if row == 0 else "no sources"
        value = float(named.table.values[row, column])
        why = "nothing can be matched" if value == 0 else "a pinned target is without its source"
        return f"{place(row, column)} = {number(value)}: with {missing}, {why}."
    cell = named.table.cell(row, column)
    return " ".join(
        (
            f"Target {target(row)} {named.targets[row - 1].path}, "
            f"source {source(column)} {named.sources[column - 1].path}.",
            f"{score_words(named, row, column)}.",
            f"{place(row, column)} = {number(cell.value)}; {choice_words(named, cell)}.",
            *mark_words(named, row, column),
        )
    )


def name_words(symbol: str, name: "Name") -> str:
    """Return what a row or a column stands for: ``T₃ blocks.1.0: MBConv6 k3 · 24→24, 8 scored layers``."""
    scored = (
        f", {plural(name.scored, 'scored layer')}" if name.block else "" if name.scored else ", not scored"
    )
    return f"{symbol} {name.path}: {name.title}{scored}"


def score_words(named: "NamedTable", row: int, column: int) -> str:
    """Return the score of a pair in words: ``Score 8.42 of 10``."""
    score, best = float(named.table.scores[row - 1, column - 1]), named.targets[row - 1].scored
    if math.isinf(score):
        return f"{target(row)} is pinned to another source"
    if score == 0:
        return f"Score 0: {zero_words(named, row, column)}"
    text = f"Score {number(score)}" + (f" of {best} at the most" if named.targets[row - 1].block else "")
    factor = named.factor_at(row, column)
    return text if factor == 1 else f"{text}, with × {factor:g}: only one of the two has an identity skip"


def zero_words(named: "NamedTable", row: int, column: int) -> str:
    """Say why a pair scores 0."""
    one, other = named.targets[row - 1], named.sources[column - 1]
    if (row - 1, column - 1) in named.bans:
        return "banned by hand"
    if row - 1 in named.fresh:
        return "the target is left fresh by hand"
    if one.block != other.block:
        return "a block never matches a single layer"
    for name in (one, other):
        if not name.scored:
            return f"{name.short} has no weight that is scored"
    return "no layers of the same type" if one.block else "another type, or another number of dimensions"


def choice_words(named: "NamedTable", cell: "Cell") -> str:
    """Say which candidate a cell was made of."""
    if math.isinf(cell.value):
        return "no matching can hold the pins here"
    if cell.choice == "target":
        return f"{target(cell.row)} takes nothing"
    if cell.choice == "source":
        return f"{source(cell.column)} gives nothing"
    from dpiat_gui.matching.teaching import best_span

    span = best_span(cell)
    return f"{source(cell.column)} serves {targets(span.first + 1, cell.row)}"


def mark_words(named: "NamedTable", row: int, column: int) -> list[str]:
    """Return what overrides and the matching say of a cell."""
    found = []
    if (row - 1, column - 1) in named.pins:
        found.append("Pinned by hand.")
    if named.served.get(row - 1) == column - 1:
        found.append("Matched.")
    return found


def no_table_words(method_name: str) -> str:
    """Say why a method has no table."""
    return (
        f"The matcher {method_name} assigns pairs one to one; it fills no table D. "
        "Choose DPIAT in Match, Matcher to see one, or play an example in the player."
    )


def table_words(named: "NamedTable") -> str:
    """Return the size of a table and what was read out of it."""
    rows, columns = len(named.targets), len(named.sources)
    kind = "entries" if named.inside is None else "layers"
    return (
        f"{rows} targets by {columns} sources ({kind}); total {number(named.total)}, "
        f"{plural(len(named.served), 'pair')}"
    )


def hint_words(named: "NamedTable") -> str:
    """Say what can be done where no cell is chosen."""
    opens = "; Enter, or a second click, opens the layers inside" if named.inside is None else ""
    return f"Choose a cell to read it{opens}. Rows are targets, columns are sources."


def factor_words(named: "NamedTable") -> str:
    """Say what the score of two blocks is multiplied by among the entries, nothing where by 1."""
    if named.factor == 1:
        return ""
    return f"Among the blocks this total counts × {named.factor:g}: only one of the two has an identity skip."


def branch_words(named: "NamedTable") -> str:
    """Say that a pair of blocks was matched otherwise than its table shows."""
    return (
        f"These blocks were matched branch by branch, for {number(named.score)}; this table shows what "
        f"one order of all their layers gives, {number(named.total)}."
    )
