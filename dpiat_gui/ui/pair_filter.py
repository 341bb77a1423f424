"""The filter language of the pairs table: ``score<0.5 kind:conv state:pinned text``.

All terms must hold. Words look at paths, kind, shapes and state; ``kind:``, ``state:``,
``source:``, ``target:``, ``shape:`` and ``change:`` look at one column, with commas between alternatives;
``score`` and ``covered`` are compared by ``<  <=  =  >=  >``; a ``-`` in front turns a term round, and
quotes keep spaces together. A term that makes no sense hides nothing: it is left out and named.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

STATES = ("auto", "pinned", "weak", "fresh", "banned", "unused")
"""States of a row, as the table shows and the filter knows them."""

CHANGES = ("same", "added", "removed", "changed")
"""What a row is to another matching that it is compared with."""

_TEXT_FIELDS = ("kind", "state", "source", "target", "shape", "change")
_WORDS = {"state": STATES, "change": CHANGES}
"""Columns that hold one of a few words."""
_NUMBER_FIELDS = ("score", "covered")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TOKEN = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_NUMBER_TERM = re.compile(r"(?P<name>[a-z]+)(?P<sign><=|>=|<|>|=|:)(?P<value>.*)", re.IGNORECASE)
_SLACK = 0.0005
"""Numbers are shown to three places; what looks equal is equal."""


class FilterRow(Protocol):
    """What a filter reads of a row of the table."""

    @property
    def source(self) -> str:
        """Path of the source layer, or ``""``."""

    @property
    def target(self) -> str:
        """Path of the target layer, or ``""``."""

    @property
    def kind(self) -> str:
        """Kind of the layers."""

    @property
    def shapes(self) -> str:
        """Shapes as shown."""

    @property
    def score(self) -> float | None:
        """Score, None without a pair."""

    @property
    def state(self) -> str:
        """One of `STATES`."""

    @property
    def change(self) -> str:
        """One of `CHANGES`, ``""`` while nothing is compared."""

    @property
    def covered(self) -> float | None:
        """Share of the target layer that is copied, None where it has no meaning."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition.

    Parameters
    ----------
    field
        Column it looks at, ``""`` for words.
    texts
        Alternatives in lower case, one of which must occur; empty for a comparison.
    sign, number
        The comparison of a number.
    negated
        Whether it is turned round.
    """

    field: str = ""
    texts: tuple[str, ...] = ()
    sign: str = ""
    number: float = 0.0
    negated: bool = False

    def holds(self, row: FilterRow) -> bool:
        """Tell whether the row passes."""
        return self._holds(row) is not self.negated

    def _holds(self, row: FilterRow) -> bool:
        if self.sign:
            value = row.score if self.field == "score" else row.covered
            if value is None:
                return False
            if self.sign in ("=", ":"):
                return abs(value - self.number) <= _SLACK
            return _COMPARISONS[self.sign](value, self.number)
        if self.field in _WORDS:
            word = row.state if self.field == "state" else row.change
            return any(word.startswith(text) for text in self.texts)
        told = _column(row, self.field).lower()
        return any(text in told for text in self.texts)


@dataclass(frozen=True, slots=True)
class PairFilter:
    """A parsed filter.

    Parameters
    ----------
    terms
        Conditions that must all hold.
    error
        Why a part of the text was left out, ``""`` if none was.
    """

    terms: tuple[Term, ...] = ()
    error: str = ""

    def accepts(self, row: FilterRow) -> bool:
        """Tell whether the row passes all terms."""
        return all(term.holds(row) for term in self.terms)


def parse_filter(text: str) -> PairFilter:
    """Parse a filter line; it never fails, but says in `PairFilter.error` what it left out."""
    terms: list[Term] = []
    errors: list[str] = []
    if text.count('"') % 2:
        errors.append("A quotation mark is not closed.")
    for token in _TOKEN.findall(text):
        parsed = _parse_term(token)
        if isinstance(parsed, str):
            errors.append(parsed)
        elif parsed is not None:
            terms.append(parsed)
    return PairFilter(tuple(terms), errors[0] if errors else "")


def _parse_term(token: str) -> Term | str | None:
    """Return a term, what is wrong with it, or None for one that says nothing yet."""
    negated = token.startswith("-") and len(token) > 1
    body = token[1:] if negated else token
    if not body.startswith('"'):
        found = _NUMBER_TERM.fullmatch(body)
        name = found["name"].lower() if found else ""
        if found and name in _NUMBER_FIELDS:
            return _number_term(name, found["sign"], found["value"], negated)
        if found and name in _TEXT_FIELDS:
            if found["sign"] not in ":=":
                return f"{name} is a text: write {name}:{found['value'] or '…'}"
            return _text_term(name, found["value"], negated)
        if found and found["sign"] in ("<", "<=", ">", ">="):
            return f"There is no number named {found['name']}; compare score or covered."
        if found and found["sign"] == ":" and found["value"]:
            return f"There is no column named {found['name']}; use {', '.join(_TEXT_FIELDS)}."
    word = body.replace('"', "").lower()
    return Term(texts=(word,), negated=negated) if word else None


def _text_term(name: str, value: str, negated: bool) -> Term | str | None:
    texts = tuple(text.lower() for text in value.replace('"', "").split(",") if text)
    if not texts:
        return None
    for text in texts if name in _WORDS else ():
        if not any(word.startswith(text) for word in _WORDS[name]):
            return f"There is no {name} {text!r}; there are {', '.join(_WORDS[name])}."
    if name == "shape":
        texts = tuple(text.replace("x", "×").replace("*", "×") for text in texts)
    return Term(name, texts, negated=negated)


def _number_term(name: str, sign: str, value: str, negated: bool) -> Term | str | None:
    if not value:
        return None
    percent = value.endswith("%")
    try:
        number = float(value.rstrip("%"))
    except ValueError:
        return f"{value!r} is not a number: write {name}{sign}0.5"
    if percent or (name == "covered" and number > 1):
        number /= 100
    return Term(name, sign=sign, number=number, negated=negated)


def _column(row: FilterRow, field: str) -> str:
    if field == "":
        return f"{row.source} {row.target} {row.kind} {row.shapes} {row.state}"
    return row.shapes if field == "shape" else str(getattr(row, field))
