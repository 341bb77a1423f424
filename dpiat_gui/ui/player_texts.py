"""What the player says of a step: pure functions of a step and its table, in the paper's notation."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dpiat_gui.ui.dp_table_texts import (
    NOTHING,
    choice_words,
    divisor,
    factor_words,
    members,
    number,
    place,
    score_words,
    source,
    span_terms,
    target,
    targets,
)
from dpiat_gui.ui.texts import plural

if TYPE_CHECKING:
    from dpiat_gui.matching.explain import Cell, SpanValue
    from dpiat_gui.matching.named_tables import NamedTable
    from dpiat_gui.matching.teaching import Step, Steps

RECURRENCE = (
    "D[i][j] = max( D[i−1][j],  D[i][j−1],\n"
    "max over k of D[k−1][j−1] + (s(Tₖ, Sⱼ) + … + s(Tᵢ, Sⱼ)) / (i−k+1)^x )\n"
    "The paper's x is ½: the root of the span's length."
)
"""The rule of every cell, for a tooltip."""

_MOST_SPANS = 3
"""Other spans than the best are listed up to this many."""


@dataclass(frozen=True, slots=True)
class CardText:
    """One candidate of a cell.

    Parameters
    ----------
    title
        What it means: ``T₃ takes nothing``.
    terms
        Its terms, in symbols and in numbers, a line each.
    value
        What it is worth.
    chosen
        Whether the cell was made of it.
    others
        Shorter lines below: other spans.
    """

    title: str
    terms: tuple[str, ...]
    value: str
    chosen: bool
    others: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """All of it in a sentence, for a screen reader."""
        return f"{self.title}: {', '.join(self.terms)}, worth {self.value}{', chosen' if self.chosen else ''}"


def headline(step: "Step", named: "NamedTable") -> str:
    """Return what a step is about, in a few words."""
    if step.kind.value == "start":
        return "The border of the table"
    if step.kind.value == "end":
        return f"Total {number(named.total)}"
    if step.kind.value == "walk":
        return f"The way back leaves {place(step.row, step.column)} = {_value(step)}"
    return f"{place(step.row, step.column)} = {_three(step)} = {_value(step)}"


def _three(step: "Step") -> str:
    """Return the recurrence with the numbers in it: ``max(2, 1.732, 2.414)``."""
    from dpiat_gui.matching.teaching import best_span

    cell = step.cell
    assert cell is not None
    values = cell.without_target, cell.without_source, best_span(cell).value
    return f"max({', '.join(map(number, values))})"


def _value(step: "Step") -> str:
    return number(step.cell.value) if step.cell is not None else ""


def progress(step: "Step", steps: "Steps") -> str:
    """Return where the player is: ``cell 12 of 64``, ``way back, move 3 of 9``."""
    moves = len(steps) - steps.first_walk - 1
    if step.kind.value == "start":
        return "start"
    if step.kind.value == "end":
        return "end"
    if step.kind.value == "walk":
        return f"way back, move {step.number - steps.first_walk + 1} of {moves}"
    return f"cell {step.number} of {steps.first_walk - 1}"


def what_it_is(step: "Step", named: "NamedTable") -> str:
    """Return what the step does, in plain sentences."""
    kind = step.kind.value
    if kind == "start":
        return _start(named)
    if kind == "end":
        return _end(step, named)
    assert step.cell is not None
    row, column = step.row, step.column
    if kind == "walk":
        return _walk(step, named)
    one, other = named.targets[row - 1], named.sources[column - 1]
    return (
        f"The best total of {_first(row, 'target')} with {_first(column, 'source')}. "
        f"{target(row)} is {one.short} ({one.title}), {source(column)} is {other.short} ({other.title}). "
        f"{score_words(named, row, column)}."
    )


def _first(count: int, what: str) -> str:
    return f"the first {what}" if count == 1 else f"the first {count} {what}s"


def _start(named: "NamedTable") -> str:
    text = (
        "Rows i stand for targets, columns j for sources; D[i][j] is the best total score of the first i "
        "targets with the first j sources. With none of either nothing can be matched: row 0 and column 0 "
        "are 0."
    )
    if any(math.isinf(value) for value in named.table.values[:, 0].tolist()):
        text += f" From the first pinned target on, column 0 is {NOTHING}: its source is not there yet."
    return (
        f"{text} Every other cell, row by row, is the largest of three:\n"
        "D[i−1][j]: target i takes nothing;\n"
        "D[i][j−1]: source j gives nothing;\n"
        f"D[k−1][j−1] + (s(Tₖ) + … + s(Tᵢ)) / {_power(named.table.exponent)}, with the best k: source j "
        "serves the targets k to i. s is the score of a target with source j."
    )


def _power(exponent: float) -> str:
    return "√(i−k+1)" if exponent == 0.5 else f"(i−k+1)^{exponent:g}"


def _end(step: "Step", named: "NamedTable") -> str:
    # Read from the last target to the first; people read the other way round.
    pairs = [f"{named.sources[s].short} → {named.targets[t].short}" for s, t in reversed(step.pairs)]
    fresh = [name.short for at, name in enumerate(named.targets) if at not in named.served]
    text = f"The way back has read out {plural(len(pairs), 'pair')}, source → target: {_listed(pairs)}."
    if not pairs:
        text = "Nothing can be matched: every score is 0."
    if fresh:
        text += f" Nothing goes to {_listed(fresh)}."
    return f"{text} {factor_words(named)}".strip()


def _listed(words: list[str], most: int = 12) -> str:
    if len(words) > most:
        return ", ".join(words[:most]) + f" and {len(words) - most} more"
    return ", ".join(words)


def _walk(step: "Step", named: "NamedTable") -> str:
    cell = step.cell
    assert cell is not None
    if step.span is not None:
        pairs = [
            f"{named.sources[step.span.source].short} → {named.targets[at].short}"
            for at in range(step.span.first, step.span.last + 1)
            if named.table.scores[at, step.span.source] > 0
        ]
        goal = place(step.span.first, step.column - 1)
        return f"{_sentence(choice_words(named, cell))}. Read out: {_listed(pairs)}. Go on at {goal}."
    if cell.choice == "target":
        goal, side = place(step.row - 1, step.column), "up"
    else:
        goal, side = place(step.row, step.column - 1), "left"
    return (
        f"{_sentence(choice_words(named, cell))}: {goal} has the same value. Nothing is read out; go {side}."
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def cards(step: "Step", named: "NamedTable") -> tuple[CardText, ...]:
    """Return the three candidates of a step's cell; none at the start and at the end."""
    cell = step.cell
    if cell is None:
        return ()
    from dpiat_gui.matching.teaching import best_span

    row, column, impossible = cell.row, cell.column, math.isinf(cell.value)
    up = (place(row - 1, column),) if row - 1 not in named.table.pinned else (f"{target(row)} is pinned",)
    best = best_span(cell)
    others = [span for span in cell.spans if span is not best and span.total > 0]
    shown = sorted(others, key=lambda span: -span.value)[:_MOST_SPANS]
    return (
        CardText(
            f"{target(row)} takes nothing",
            up,
            number(cell.without_target),
            cell.choice == "target" and not impossible,
        ),
        CardText(
            f"{source(column)} gives nothing",
            (place(row, column - 1),),
            number(cell.without_source),
            cell.choice == "source" and not impossible,
        ),
        CardText(
            f"{source(column)} serves {targets(best.first + 1, row)}",
            (span_symbols(cell, best, named.table.exponent), span_terms(named, cell, best)),
            number(best.value),
            cell.choice == "match",
            tuple(_other(named, cell, span) for span in shown),
        ),
    )


def span_symbols(cell: "Cell", span: "SpanValue", exponent: float) -> str:
    """Return what a span is worth in symbols: ``D[1][1] + (s₂ + s₃) / √2``."""
    before = place(span.first, cell.column - 1)
    length = cell.row - span.first
    names = [f"s({target(at + 1)})" for at in range(span.first, cell.row)]
    if length == 1:
        return f"{before} + {names[0]}"
    summed = " + ".join(names) if length <= 3 else f"{names[0]} + … + {names[-1]}"
    return f"{before} + ({summed}) / {divisor(length, exponent)}"


def _other(named: "NamedTable", cell: "Cell", span: "SpanValue") -> str:
    return f"{targets(span.first + 1, cell.row)}: {span_terms(named, cell, span, 2)} = {number(span.value)}"


def notes(step: "Step", named: "NamedTable") -> tuple[str, ...]:
    """Return the rules that matter in a step: of spans, of ties, of pins."""
    cell = step.cell
    if cell is None:
        return ()
    if math.isinf(cell.value):
        return (f"{NOTHING}: a pinned target cannot have its source yet, whatever else is matched.",)
    from dpiat_gui.matching.teaching import best_span

    best = best_span(cell)
    return (*_span_notes(named, cell, best), *_pin_notes(named, cell), *_tie_notes(cell, best))


def _span_notes(named: "NamedTable", cell: "Cell", best: "SpanValue") -> list[str]:
    length, exponent = cell.row - best.first, named.table.exponent
    if length == 1 or best.total <= 0:
        return []
    root = f"{divisor(length, exponent)} = {number(length**exponent)}"
    empty = sum(score == 0 for score in members(named, cell, best))
    unmatched = f"{plural(empty, 'member')} {'scores' if empty == 1 else 'score'} 0"
    if cell.choice != "match":
        words = f"{length} targets would share {source(cell.column)}: their scores are divided by {root}."
        return [
            words
            + (f" {unmatched}, but {'counts' if empty == 1 else 'count'} in the length." if empty else "")
        ]
    return [
        f"{length} targets share {source(cell.column)}: their scores are added and divided by {root}. "
        "With equal scores, a longer span adds more in all and less for each target.",
        *([f"{unmatched}: counted in the length of the span, yet left unmatched."] if empty else []),
    ]


def _pin_notes(named: "NamedTable", cell: "Cell") -> list[str]:
    if cell.row - 1 in named.table.pinned:
        above = place(cell.row - 1, cell.column)
        return [f"{target(cell.row)} is pinned: it must not be skipped, so {above} is no choice."]
    return []


def _tie_notes(cell: "Cell", best: "SpanValue") -> list[str]:
    skip = max(cell.without_target, cell.without_source)
    words = []
    if best.value == skip and best.total > 0:
        words.append("A tie: a match replaces a skip only if it is strictly better, so the skip stays.")
    if cell.choice != "match" and cell.without_target == cell.without_source and cell.value > 0:
        words.append("Both skips are worth the same: the source is skipped.")
    equal = [span for span in cell.spans if span.value == best.value and span.total > 0]
    if cell.choice == "match" and len(equal) > 1:
        words.append("Two spans are worth the same: the shorter one is taken.")
    return words


def step_words(step: "Step", named: "NamedTable") -> str:
    """Return everything about a step in sentences, for a screen reader."""
    parts = [headline(step, named), what_it_is(step, named).rstrip(".")]
    parts += [card.words for card in cards(step, named)]
    parts += [note.rstrip(".") for note in notes(step, named)]
    return ". ".join(parts) + "."
