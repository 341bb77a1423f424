from PySide6.QtCore import Qt

from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.copying import names_text, rows_text


def test_names_are_of_the_side_looked_at():
    pairs = [("s1.0", "t1.0"), (None, "t5"), ("s1.0", "t2.0")]
    assert names_text(pairs, Side.SOURCE) == "s1.0\nt5"
    assert names_text(pairs, Side.TARGET) == "t1.0\nt5\nt2.0"
    assert names_text([(None, None)], Side.TARGET) == ""


def test_rows_have_paths_shapes_and_the_score(board):
    assert rows_text(board, [("s1.3", "t1.3")]) == "s1.3\t8×8×3×3\tt1.3\t8×8×3×3\t1.0000"
    assert rows_text(board, [(None, "t5.0")]) == "\t\tt5.0\t5×5\t"
    # Not a pair of the matching: no score.
    assert rows_text(board, [("s0", "t6")]).endswith("\t")
    blocks = rows_text(board, [("s1", "t1"), (None, None)]).split("\t")
    assert blocks[0] == "s1"
    assert float(blocks[-1]) > 0


def test_control_c_asks_for_a_copy(qtbot, view):
    with qtbot.waitSignal(view.copy_requested):
        qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
