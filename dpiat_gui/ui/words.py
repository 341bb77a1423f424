"""The technical words of the window, each in a sentence: one glossary for help pages and tooltips.

The page ``resources/help/*-glossary.md`` is the only place where a word is explained. Every paragraph
that begins with words in bold explains them; its first sentence is what a tooltip says.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

_ENTRY = re.compile(r"^\*\*(?P<names>[^*]+)\*\* – (?P<text>.+)$", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
GLOSSARY = "glossary.md"
"""How the name of the page ends."""


@lru_cache(maxsize=1)
def glossary() -> Mapping[str, str]:
    """Return what every word means, by the word in small letters; several words may share a meaning."""
    folder = resources.files("dpiat_gui.resources") / "help"
    page = next(file for file in folder.iterdir() if file.name.endswith(GLOSSARY))
    return parse(page.read_text(encoding="utf-8"))


def parse(page: str) -> Mapping[str, str]:
    """Return the words of a glossary in Markdown, each with its paragraph as one line of plain text."""
    found: dict[str, str] = {}
    for paragraph in page.split("\n\n"):
        entry = _ENTRY.match(paragraph.strip())
        if entry is not None:
            text = plain(entry["text"])
            for name in entry["names"].split(", "):
                found[name.strip().casefold()] = text
    return found


def plain(markdown: str) -> str:
    """Return text without the marks of Markdown, on one line."""
    return " ".join(re.sub(r"[*`]", "", markdown).split())


def word(name: str) -> str:
    """Return what a word means, in full.

    Raises
    ------
    KeyError
        If the glossary lacks it.
    """
    return glossary()[name.casefold()]


def sentence(name: str) -> str:
    """Return the first sentence of what a word means, with the word before it."""
    said = _SENTENCE.split(word(name), maxsplit=1)[0]
    return f"{name[:1].upper()}{name[1:]}: {said[:1].lower() + said[1:] if said[1:2].islower() else said}"


def words_in(text: str) -> tuple[str, ...]:
    """Return the words of the glossary that a text holds, in its order; the longest where several begin."""
    bare = re.sub(r"<[^>]*>", " ", text).replace("&", "").casefold()
    found = dict.fromkeys(match.group(0) for match in _pattern().finditer(bare))
    known = glossary()
    return tuple(dict.fromkeys(name if name in known else _singular(name) for name in found))


def explanation(text: str, most: int = 3) -> str:
    """Return a line for each of the first words of the glossary that a text holds; ``""`` for none."""
    return "\n".join(sentence(name) for name in words_in(text)[:most])


def _singular(name: str) -> str:
    return name[:-2] if name.endswith("es") and name[:-2] in glossary() else name[:-1]


@lru_cache(maxsize=1)
def _pattern() -> "re.Pattern[str]":
    """Return what finds any word, as a whole, in the singular or the plural."""
    names = sorted(glossary(), key=len, reverse=True)
    return re.compile(rf"(?<![\w.\-/])(?:{'|'.join(map(re.escape, names))})(?:e?s)?(?![\w\-]|\.\w)")
