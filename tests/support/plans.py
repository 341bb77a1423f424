"""Transfer plans drawn at random."""

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
        else:
            place = draw(st.integers(0, len(sources) - 1))
            source = sources[place]
            target = tuple(draw(st.integers(1, 5)) for _ in source)
            slices = clip_slices(source, target)
            rows.append(PlanRow(f"t{number}", target, "float32", layer, f"s{place}", source, *slices))
    total = sum(count(shape) for shape in sources)
    return TransferPlan("s", "", "", "t", "", "", TransferOptions(), tuple(rows), total)


def count(shape):
    return len(list(product(*(range(size) for size in shape))))
