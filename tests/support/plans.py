"""Transfer plans drawn at random."""

from dataclasses import replace
from itertools import product

from hypothesis import strategies as st

from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.planning import clip_slices
from dpiat_gui.transfer.values import FreshReason, PlanRow, TransferPlan

SHAPES = st.lists(st.integers(0, 5), max_size=3).map(tuple)


@st.composite
def plans(draw):
    """Draw plans whose rows copy, stay fresh, share sources and layers, in any mixture."""
    sources = draw(st.lists(st.lists(st.integers(1, 5), max_size=3).map(tuple), min_size=1, max_size=3))
    rows = []
    for number in range(draw(st.integers(0, 8))):
        layer = draw(st.sampled_from(["a", "b", "c"]))
        if draw(st.booleans()):
            reason = draw(st.sampled_from(FreshReason))
            layer = "" if reason is FreshReason.NOT_A_LAYER else layer
            rows.append(PlanRow(f"t{number}", draw(SHAPES), "float32", layer, fresh=reason))
        elif draw(st.integers(0, 3)) == 0:
            value = draw(st.sampled_from([0.0, 1.0, 4.0]))
            step = draw(st.sampled_from(["head", "gate"]))
            rows.append(PlanRow(f"t{number}", draw(SHAPES), "float32", layer, constant=value, step=step))
        else:
            place = draw(st.integers(0, len(sources) - 1))
            source = sources[place]
            target = tuple(draw(st.integers(1, 5)) for _ in source)
            slices = clip_slices(source, target)
            row = PlanRow(f"t{number}", target, "float32", layer, f"s{place}", source, *slices)
            rows.append(picked(draw, row) if draw(st.booleans()) else row)
    total = sum(count(shape) for shape in sources)
    return TransferPlan("s", "", "", "t", "", "", TransferOptions(), tuple(rows), total)


def picked(draw, row):
    """Let a row take indices one by one along some dimensions, and scale what it takes."""
    picks = []
    for source, target in zip(row.source_shape, row.target_shape, strict=True):
        to = sorted(draw(st.sets(st.integers(0, target - 1), min_size=1)))
        of = draw(st.lists(st.integers(0, source - 1), min_size=len(to), max_size=len(to)))
        picks.append((tuple(of), tuple(to)))
    boxes = [tuple((min(side), max(side) + 1) for side in sides) for sides in zip(*picks, strict=True)]
    lists = [tuple(side) for side in zip(*picks, strict=True)]
    if not picks:
        return row
    scale = draw(st.sampled_from([1.0, 0.5]))
    return replace(
        row,
        source_slices=boxes[0],
        target_slices=boxes[1],
        source_picks=lists[0],
        target_picks=lists[1],
        scale=scale,
    )


def count(shape):
    return len(list(product(*(range(size) for size in shape))))
