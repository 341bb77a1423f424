import numpy as np
import pytest

from dpiat_gui.canvas.curves import height, slope, weight
from dpiat_gui.canvas.picker import Picker


def test_the_weight_goes_from_one_end_to_the_other_and_is_flat_there():
    assert weight(0) == 0
    assert weight(1) == 1
    assert weight(0.5) == pytest.approx(0.5)
    assert slope(0) < 0.02
    assert slope(1) < 0.02
    assert np.all(np.diff([weight(x) for x in np.linspace(0, 1, 101)]) >= 0)


def test_the_weight_is_that_of_the_painted_curve(qapp):
    from PySide6.QtCore import QPointF

    from dpiat_gui.canvas.primitives import curve_path

    path = curve_path(QPointF(10, 5), QPointF(210, 105))
    for percent in np.linspace(0, 1, 11):
        point = path.pointAtPercent(float(percent))
        assert point.y() == pytest.approx(height(5, 105, (point.x() - 10) / 200), abs=0.3)


def test_the_nearest_edge_is_picked_within_the_radius():
    picker = Picker.of([(0, 0), (10, 10), (20, 120)])
    assert picker.nearest(0.5, 4, 100, 6) == 0
    assert picker.nearest(0.5, 6, 100, 6) == 1
    assert picker.nearest(0.5, 70, 100, 6) == 2
    assert picker.nearest(0.5, 30, 100, 6) is None
    assert picker.nearest(1.2, 4, 100, 6) is None
    assert Picker.of([]).nearest(0.5, 4, 100, 6) is None


def test_distance_is_measured_across_a_steep_edge_not_along_it():
    picker = Picker.of([(0, 1000)])
    # 40 below the curve, but only a few beside it.
    assert picker.nearest(0.5, 540, 100, 6) == 0
