"""What a report says, as plain rows: everything is counted and worded here, the page only lays it out."""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Matching, Overrides, Similarity
from dpiat_gui.networks.titles import format_shape
from dpiat_gui.networks.values import Block, Layer, Network
from dpiat_gui.transfer.ledger import Ledger, ledger
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.planning import plan_transfer
from dpiat_gui.transfer.sanity import ROLES, SanityReport

WEAK = 0.5
"""Pairs that score less are called weak."""

Facts = tuple[tuple[str, str], ...]
"""Names and values, in order."""

_PROGRAMS = ("dpiat-gui", "torch", "timm", "numpy", "safetensors", "PySide6-Essentials")
_OPTIONS = {
    "buffers": "Running statistics copied",
    "repeats": "Repeated blocks begin as identity",
    "squeeze_excite": "New squeeze-excites begin open",
    "head": "Classifier",
    "neck": "Last norm",
    "calibrate": "Calibrated on",
    "align": "Alignment",
}
"""What the options of a transfer are called, where the window calls them otherwise than the code."""

_FATES = (
    ("copied", "from the source"),
    ("set", "set by a step of the recipe"),
    ("kept", "the target's own, around a copied part"),
    ("fresh", "the target's own"),
)


@dataclass(frozen=True)
class ReportInput:
    """What a report is about.

    Parameters
    ----------
    matching
        The matching.
    transfer
        Options of the transfer it is planned with.
    figure
        The matching drawn, as the text of an SVG; ``""`` for a report without one.
    seed, device
        Of the transfer.
    standardization
        How both networks were standardized.
    similarity
        Of the two architectures, None where it has no meaning.
    automatic_score
        Total score without overrides, None where there are none.
    sanity
        A check of the result, None where none was run.
    """

    matching: Matching
    transfer: TransferOptions = field(default_factory=TransferOptions)
    figure: str = field(default="", repr=False)
    seed: int = 0
    device: str = "auto"
    standardization: str = "blocks"
    similarity: Similarity | None = None
    automatic_score: float | None = None
    sanity: SanityReport | None = None


@dataclass(frozen=True, slots=True)
class PairRow:
    """One matched pair of layers."""

    source: str
    target: str
    kind: str
    source_shape: str
    target_shape: str
    score: float
    span: int
    state: str
    covered: float


@dataclass(frozen=True, slots=True)
class BlockRow:
    """What of one block of the target comes from where, in elements."""

    path: str
    elements: int
    copied: int
    set: int
    kept: int
    fresh: int

    @property
    def fraction(self) -> float:
        """Share that comes from the source."""
        return self.copied / self.elements if self.elements else 0.0


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """One correction by hand."""

    kind: str
    source: str
    target: str


@dataclass(frozen=True)
class Content:
    """Everything the page shows.

    Parameters
    ----------
    title
        Source and target.
    figure
        See `ReportInput`.
    headline
        The figures at the top: name and value.
    networks
        Facts of the source and of the target.
    options
        Of the matching and of the transfer.
    pairs
        Matched pairs in target order.
    unused, unmatched
        Scored source layers that give nothing, and target layers that take nothing: path, kind, shape.
    overrides
        Corrections by hand.
    fates
        Elements of the target by where their values come from: words, number, share.
    blocks
        The same for each block of the target.
    ledger
        The whole account, tensor by tensor.
    sanity
        Facts of the check; empty where none was run.
    sanity_runs
        Of every run: network, mode, loss, gradient norm, largest activation.
    findings
        What the check found: layer, what is wrong with it, and a sentence.
    versions
        Of the programs that took part.
    """

    title: str
    figure: str = field(repr=False)
    headline: Facts
    networks: tuple[Facts, Facts]
    options: Facts
    pairs: tuple[PairRow, ...]
    unused: tuple[tuple[str, str, str], ...]
    unmatched: tuple[tuple[str, str, str], ...]
    overrides: tuple[OverrideRow, ...]
    fates: tuple[tuple[str, int, float], ...]
    blocks: tuple[BlockRow, ...]
    ledger: Ledger
    sanity: Facts
    sanity_runs: tuple[tuple[str, str, str, str, str], ...]
    findings: tuple[tuple[str, str, str], ...]
    versions: Facts


def content_of(given: ReportInput) -> Content:
    """Return everything a report says about `given`.

    Raises
    ------
    TransferError
        If the transfer cannot be planned.
    """
    matching = given.matching
    account = ledger(plan_transfer(matching, given.transfer), matching.target)
    sources, targets = (_layers(entries) for entries in (matching.source_entries, matching.target_entries))
    check = given.sanity
    return Content(
        title=f"{matching.source.name} → {matching.target.name}",
        figure=given.figure,
        headline=_headline(given, account),
        networks=(
            _network_facts(matching.source, matching.source_entries),
            _network_facts(matching.target, matching.target_entries),
        ),
        options=_options(given),
        pairs=tuple(_pairs(matching, sources, targets, account)),
        unused=tuple(_without(sources, set(matching.by_source))),
        unmatched=tuple(_without(targets, set(matching.by_target))),
        overrides=tuple(_overrides(matching.overrides)),
        fates=tuple(
            (words, number, number / account.total.elements if account.total.elements else 0.0)
            for name, words in _FATES
            if (number := getattr(account.total, name))
        ),
        blocks=tuple(
            BlockRow(path or "outside the sequence", at.elements, at.copied, at.set, at.kept, at.fresh)
            for path, at in account.by_block.items()
        ),
        ledger=account,
        sanity=_check_facts(check) if check else (),
        sanity_runs=tuple(_runs(check)) if check else (),
        findings=tuple(
            (finding.path or "whole network", finding.kind, finding.text)
            for finding in (check.findings if check else ())
        ),
        versions=_versions(),
    )


def _headline(given: ReportInput, account: Ledger) -> Facts:
    matching = given.matching
    facts = [("Score", f"{matching.score:.3f}")]
    if given.automatic_score is not None and matching.overrides:
        change = f"{matching.score - given.automatic_score:+.3f}".replace("-", "\N{MINUS SIGN}")
        facts.append(("Change by overrides", change))
    if given.similarity is not None:
        facts.append(("Similarity, symmetric", f"{given.similarity.symmetric:.4f}"))
        facts.append(("source to target", f"{given.similarity.forward:.4f}"))
        facts.append(("target to source", f"{given.similarity.backward:.4f}"))
    facts.append(("Pairs", f"{len(matching.pairs):,}"))
    if matching.crossings:
        facts.append(("Crossings", f"{matching.crossings:,}"))
    facts.append(("Covered", f"{account.total.fraction:.1%}"))
    facts.append(("Overrides", str(sum(1 for _ in _overrides(matching.overrides)))))
    return tuple(facts)


def _network_facts(network: Network, entries: tuple[Block, ...]) -> Facts:
    layers = sum(len(block.layers) for block in entries)
    return (
        ("Name", network.name),
        ("From", network.origin),
        ("Parameters", f"{network.parameters:,}"),
        ("Entries", f"{len(entries):,} ({layers:,} layers)"),
        ("Fingerprint", network.fingerprint),
    )


def _options(given: ReportInput) -> Facts:
    options, transfer = given.matching.options, given.transfer
    named: list[tuple[str, Any]] = [
        ("Preset", given.matching.preset),
        ("Standardization", given.standardization),
        ("Matcher", f"{options.method} · {METHODS[options.method].title}"),
        ("Layer types", options.layer_types),
        ("Exponent of the span penalty", f"{options.exponent:g}"),
        ("Skip factor", f"{options.skip_factor:g}"),
    ]
    named += [
        (_OPTIONS.get(name, name.replace("_", " ").capitalize()), value)
        for name, value in transfer.to_json().items()
    ]
    named += [("Seed", given.seed), ("Device", given.device)]
    return tuple((name, _worded(value)) for name, value in named)


def _worded(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value != "" else "–"


def _layers(entries: tuple[Block, ...]) -> dict[str, Layer]:
    return {layer.path: layer for block in entries for layer in block.layers}


def _pairs(
    matching: Matching, sources: Mapping[str, Layer], targets: Mapping[str, Layer], account: Ledger
) -> Iterator[PairRow]:
    for pair in matching.pairs:
        source, target = sources[pair.source], targets[pair.target]
        amounts = account.by_layer.get(pair.target)
        yield PairRow(
            pair.source,
            pair.target,
            target.kind.value,
            format_shape(source.shape) or "–",
            format_shape(target.shape) or "–",
            pair.score,
            pair.span,
            "pinned" if pair.pinned else "weak" if pair.score < WEAK else "auto",
            amounts.fraction if amounts else 0.0,
        )


def _without(layers: Mapping[str, Layer], paired: set[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the layers with a weight that are in no pair."""
    for path, layer in layers.items():
        if path not in paired and layer.weight is not None:
            yield path, layer.kind.value, format_shape(layer.shape) or "–"


def _overrides(overrides: Overrides) -> Iterator[OverrideRow]:
    for source, target in overrides.pins:
        yield OverrideRow("pin", source, target)
    for source, target in overrides.bans:
        yield OverrideRow("ban", source, target)
    for target in overrides.fresh:
        yield OverrideRow("fresh", "", target)


def _check_facts(check: SanityReport) -> Facts:
    return (
        ("Verdict", check.verdict),
        ("Operator", check.operator),
        ("Inputs", check.inputs),
        ("Loss", check.loss),
        ("Device", check.device),
        *(("Note", note) for note in check.notes),
    )


def _runs(check: SanityReport) -> Iterator[tuple[str, str, str, str, str]]:
    names = dict(zip(ROLES, (check.source, f"{check.target} before", f"{check.target} after"), strict=True))
    for run in check.runs:
        activation = run.largest_activation
        largest = "–" if activation is None else f"{activation:.3g}"
        yield names[run.role], run.mode, f"{run.loss:.3g}", f"{run.gradient_norm:.3g}", largest


def _versions() -> Facts:
    found = [("Python", platform.python_version())]
    for program in _PROGRAMS:
        try:
            found.append((program, metadata.version(program)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)
