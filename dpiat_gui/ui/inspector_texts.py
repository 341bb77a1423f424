"""What the inspector says: pure functions of facts."""

from typing import TYPE_CHECKING

from dpiat_gui.document.facts import Facts, formula, score_text
from dpiat_gui.document.places import is_scored
from dpiat_gui.errors import DpiatError
from dpiat_gui.matching.values import EntryPair, Matching, Overrides
from dpiat_gui.networks.titles import describe
from dpiat_gui.networks.values import Network
from dpiat_gui.ui.texts import cost, percent, plural

if TYPE_CHECKING:
    from dpiat_gui.document.ranking import Rank
    from dpiat_gui.matching.explain import Alternative
    from dpiat_gui.transfer.coverage import Coverage

_MOST_TERMS = 10
"""Terms of a sum that are written out."""


def nothing_selected(source: Network | None, target: Network | None, error: DpiatError | None) -> str:
    """Return what to do when nothing is selected."""
    if source is None and target is None:
        return "Open a source and a target network; then select a row to see how it is matched."
    if source is None or target is None:
        missing = "source" if source is None else "target"
        return f"Open a {missing} network too; then select a row to see how it is matched."
    if error is not None:
        return str(error)
    return (
        "Select a layer or a block, on the canvas or in the table, to see its partner, the parts of "
        "its score and what is copied.\n\nAlt+Down walks through the rows worth a look."
    )


def state_line(facts: Facts, overrides: Overrides, note: str) -> str:
    """Return kind and state of what is selected, or why it has no partner."""
    place = facts.target or facts.source
    if place is None:
        return ""
    what = place.layer.kind.value if place.layer is not None else describe(place.block).title
    if facts.source is None or facts.target is None:
        return f"{what}\n{note}" if note else what
    pair = (facts.source.path, facts.target.path)
    if not facts.matched:
        blocks = (facts.source.block.path, facts.target.block.path)
        reason = "not matched to each other"
        if not facts.score:
            reason = "never matched: their score is 0"
        elif pair in overrides.bans:
            reason = "banned by hand"
        elif blocks in overrides.bans:
            reason = "banned with their blocks"
        return f"{what} · {reason}"
    by_hand = pair in overrides.pins or (facts.pair is not None and facts.pair.pinned)
    weak = facts.pair is not None and facts.pair.score < 0.5
    state = "pinned by hand" if by_hand else "weak" if weak else "matched"
    if facts.is_block and facts.entry is not None and facts.entry.pinned and not by_hand:
        state = "held by pins inside"
    elif not by_hand and facts.matched and _is_pinned_by_block(facts, overrides):
        state = "pinned by its block"
    return f"{what} · {state}"


def score_line(facts: Facts, matching: Matching) -> str:
    """Return the score with its span and penalty: ``score = 0.8842   span 1, no penalty``."""
    if facts.score is None or (not facts.score and not facts.matched):
        return ""
    text = f"score = {score_text(facts.score)}"
    if not facts.matched:
        return text
    inner, outer = _spans(facts)
    # A layer by itself is an entry: the span it belongs to is that of the entries.
    span = inner if _is_nested(facts) else max(inner, outer)
    if span == 1:
        return f"{text}   span 1, no penalty"
    return f"{text}   span {span}, × {_penalty(span, matching):.3f}"


def formula_lines(facts: Facts, matching: Matching) -> str:
    """Return the product behind the score, and what the pair adds to the total in the end."""
    lines = []
    if facts.dimensions:
        lines.append(formula(facts.dimensions))
    if facts.matched and facts.entry is not None and facts.score is not None:
        lines += _parts(facts, facts.entry, matching)
    elif facts.alone is not None:
        lines.append(block_sum(facts.alone, matching))
    return "\n".join(line for line in lines if line)


def _parts(facts: Facts, entry: EntryPair, matching: Matching) -> list[str]:
    """Return what the score is multiplied by, and what is left of it in the total score."""
    from dpiat_gui.matching.explain import contributions

    inner, outer = _spans(facts)
    lines = [block_sum(entry, matching)] if facts.is_block else []
    if _is_nested(facts) and inner > 1:
        lines.append(f"Serves {inner} layers inside the block: × {_penalty(inner, matching):.3f}")
    if _is_nested(facts) and outer > 1:
        lines.append(f"Its block is one of a span of {outer}: × {_penalty(outer, matching):.3f}")
    if entry.factor < 1:
        counted = "" if facts.pair is not None else ", counted in the score"
        lines.append(
            f"Skip lost: × {entry.factor:g} (one of the two blocks has an identity skip, "
            f"the other has none{counted})"
        )
    if facts.pair is not None:
        share = contributions(matching)[facts.pair.target]
    else:
        share = entry.score * _penalty(outer, matching)
    lines.append(f"Adds {share:.4f} to the total of {matching.score:.3f}.")
    return lines


def block_sum(entry: EntryPair, matching: Matching) -> str:
    """Return the score of two blocks as the sum it is: ``0.64 + 0.80/√2 + 0.80/√2 = 1.7714``."""
    exponent = matching.options.exponent
    parts = []
    for pair in entry.pairs:
        under = f"√{pair.span}" if exponent == 0.5 else f"{pair.span}^{exponent:g}"
        parts.append(f"{pair.score:.3g}" + (f"/{under}" if pair.span > 1 and exponent else ""))
    if len(parts) > _MOST_TERMS:
        parts = [*parts[: _MOST_TERMS - 1], f"… {len(parts) - _MOST_TERMS + 1} more"]
    text = " + ".join(parts)
    if entry.factor < 1:
        text = f"({text}) × {entry.factor:g}"
    return f"{text} = {score_text(entry.score)}" if parts else ""


def rank_line(rank: "Rank", facts: Facts) -> str:
    """Return where the source stands among all that its target could have, by score alone."""
    if rank.of == 1:
        return "The only source that scores above 0 with this target."
    text = f"Rank {rank.place} of {rank.of} possible sources by score alone"
    if rank.place > 1:
        return f"{text}; first is {rank.best} with {rank.best_score:.3f}."
    mine = facts.source is not None and rank.best == facts.source.path
    return f"{text}." if mine else f"{text}, shared with {rank.best}."


def runner_up_line(other: "Alternative", total: float) -> tuple[str, str]:
    """Return what would be if the pair were banned, and what that costs: ``blocks.4.1.bn1``, ``−0.120``."""
    return other.source or "fresh: no other source", cost((other.total or 0.0) - total)


def _penalty(span: int, matching: Matching) -> float:
    return float(span**-matching.options.exponent)


def _spans(facts: Facts) -> tuple[int, int]:
    """Return the lengths of the spans that a matched pair is part of: of layers, and of entries."""
    inner = facts.pair.span if facts.pair is not None else 1
    return inner, facts.entry.span if facts.entry is not None else 1


def _is_pinned_by_block(facts: Facts, overrides: Overrides) -> bool:
    """Tell whether a pair of layers is held because their blocks are pinned to each other."""
    if facts.is_block or facts.source is None or facts.target is None or facts.target.block.single:
        return False
    return (facts.source.block.path, facts.target.block.path) in overrides.pins


def _is_nested(facts: Facts) -> bool:
    """Tell whether the pair is one of two layers inside blocks."""
    return facts.pair is not None and facts.target is not None and not facts.target.block.single


def covered_text(facts: Facts, coverage: "Coverage") -> str:
    """Return how much of the selected target is covered."""
    if facts.target is None or (facts.source is not None and not facts.matched):
        return ""
    layers = (facts.target.layer,) if facts.target.layer is not None else facts.target.block.layers
    known = [coverage.layers[layer.path] for layer in layers if layer.path in coverage.layers]
    elements, copied = sum(one.elements for one in known), sum(one.copied for one in known)
    if not elements:
        return ""
    share = percent(copied / elements)
    text = f"{share} covered · {copied:,} of {plural(elements, 'element')}"
    made = sum(one.set_elements for one in known)
    return f"{text} · {made:,} set by a step of the recipe" if made else text


def candidates_title(facts: Facts, found: bool) -> str:
    """Return the title of the list of candidates, nothing where there are none."""
    if not found:
        return ""
    whose = "sources" if facts.target is not None else "targets"
    which = "Other" if facts.source and facts.target else "Possible"
    return f"{which} {whose}: score, change of the total"


def is_correctable(facts: Facts, layer_types: str) -> bool:
    """Tell whether leaving the target fresh means anything: it is scored, or has a layer that is."""
    if facts.target is None:
        return False
    layers = (facts.target.layer,) if facts.target.layer is not None else facts.target.block.layers
    return any(is_scored(layer, layer_types) for layer in layers)


def is_overridden(target: str, overrides: Overrides) -> bool:
    """Tell whether an override names the target, or a layer inside it."""
    inside = f"{target}."
    named = [path for _, path in (*overrides.pins, *overrides.bans)] + list(overrides.fresh)
    return any(path == target or path.startswith(inside) for path in named)


def block_rows(facts: Facts, matching: Matching) -> list[tuple[str, str, float | None]]:
    """Return (source, target, score) of each scored layer of a selected block, target order first."""
    if not facts.is_block or (facts.source and facts.target and not facts.matched):
        return []
    layer_types = matching.options.layer_types
    rows: list[tuple[str, str, float | None]] = []
    used: set[str] = set()
    pairs = {pair.target: pair for pair in facts.entry.pairs} if facts.entry is not None else {}
    for layer in facts.target.block.layers if facts.target else ():
        pair = pairs.get(layer.path)
        if pair is not None:
            rows.append((pair.source, layer.path, pair.score))
            used.add(pair.source)
        elif is_scored(layer, layer_types):
            rows.append(("", layer.path, None))
    for layer in facts.source.block.layers if facts.source else ():
        if layer.path not in used and is_scored(layer, layer_types):
            rows.append((layer.path, "", None))  # noqa: PERF401 - reads as the loop above
    return rows
