"""Search over both columns: by name, kind, shape, title or regular expression."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from dpiat_gui.errors import MatchError
from dpiat_gui.networks.titles import describe, format_shape
from dpiat_gui.networks.values import Block, Layer, Network

Side = Literal["source", "target"]
Test = Callable[[Block, Layer | None], bool]

_SHAPE = re.compile(r"^\d+([,x×]\d+)*[,x×]?$")
_TERM = re.compile(r'"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that the search found.

    Parameters
    ----------
    side
        Column it stands in.
    path
        Path of the layer, or of the block if its title was found.
    """

    side: Side
    path: str


def find_hits(source: Network | None, target: Network | None, query: str) -> tuple[Hit, ...]:
    """Return what `query` finds, first the source's rows, then the target's, in column order.

    Parameters
    ----------
    source, target
        The networks; either may be missing.
    query
        Terms that must all hold: part of a path, class or kind; ``"exact"`` for a whole path
        or its last part; a shape such as ``64,3,3,3`` (``64,`` finds every shape that begins
        so); ``/regex/`` on the path. Case does not matter.

    Raises
    ------
    MatchError
        If a regular expression is not one.
    """
    tests = _tests(query)
    if not tests:
        return ()
    hits: list[Hit] = []
    if source is not None:
        hits.extend(Hit("source", path) for path in _paths(source, query.strip(), tests))
    if target is not None:
        hits.extend(Hit("target", path) for path in _paths(target, query.strip(), tests))
    return tuple(hits)


def _paths(network: Network, query: str, tests: list[Test]) -> Iterator[str]:
    for block in network.sequence:
        layers = [layer.path for layer in block.layers if all(test(block, layer) for test in tests)]
        # Its layers say it better, unless the block was asked for by name.
        if (
            not block.single
            and (not layers or block.path == query)
            and all(test(block, None) for test in tests)
        ):
            yield block.path
        yield from layers


def _tests(query: str) -> list[Test]:
    text = query.strip()
    if len(text) > 1 and text.startswith("/"):
        return [_regex_test(text[1:].removesuffix("/"))]
    tests: list[Test] = []
    for exact, word in _TERM.findall(text):
        if exact:
            tests.append(_exact_test(exact.casefold()))
        elif _SHAPE.match(word) and any(mark in word for mark in ",x×"):
            tests.append(_shape_test(word))
        elif word and word != '"':
            tests.append(_word_test(word.casefold()))
    return tests


def _regex_test(pattern: str) -> Test:
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise MatchError(
            f"/{pattern}/ is not a regular expression: {error}.", "Mend it or drop the slashes."
        ) from error
    return lambda _block, layer: layer is not None and bool(compiled.search(layer.path))


def _exact_test(name: str) -> Test:
    def test(block: Block, layer: Layer | None) -> bool:
        path = (block.path if layer is None else layer.path).casefold()
        return name in (path, path.rpartition(".")[2])

    return test


def _shape_test(text: str) -> Test:
    open_end = text[-1] in ",x×"
    wanted = tuple(int(number) for number in re.split("[,x×]", text.rstrip(",x×")))

    def test(_block: Block, layer: Layer | None) -> bool:
        if layer is None or layer.shape is None:
            return False
        return layer.shape[: len(wanted)] == wanted if open_end else layer.shape == wanted

    return test


def _word_test(word: str) -> Test:
    def test(block: Block, layer: Layer | None) -> bool:
        if layer is None:
            # A block is found by its title alone; by its path its layers are found.
            title = describe(block)
            return word in f"{title.title} {title.subtitle}".casefold() or word == block.path.casefold()
        shape = format_shape(layer.shape) if layer.shape else ""
        return any(
            word in text.casefold() for text in (layer.path, layer.class_name, layer.kind.value, shape)
        )

    return test
