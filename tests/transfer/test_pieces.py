"""Large tensors in pieces are the same tensors."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from plans import plans

from dpiat_gui.transfer.pieces import boxes, within


@given(st.lists(st.integers(0, 5), max_size=4).map(tuple), st.integers(1, 4), st.integers(1, 60))
def test_boxes_follow_each_other_and_are_small(shape, width, most):
    whole = np.arange(int(np.prod(shape))).reshape(shape)
    parts = [whole[tuple(slice(*side) for side in box)].ravel() for box in boxes(shape, width, most)]
    assert np.array_equal(np.concatenate(parts), whole.ravel())
    assert all(part.size * width <= most or part.size == 1 for part in parts)


@given(plans(), st.integers(1, 60))
def test_the_parts_of_a_row_account_for_as_much_as_the_row(plan, most):
    for row in plan.rows:
        parts = [within(row, box) for box in boxes(row.target_shape, 1, most)]
        assert sum(part.elements for part in parts) == row.elements
        assert sum(part.copied for part in parts) == row.copied
        assert sum(part.set for part in parts) == row.set
