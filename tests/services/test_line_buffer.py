from hypothesis import given
from hypothesis import strategies as st

from dpiat_gui.services.line_buffer import LineBuffer, Tail


@st.composite
def pieces(draw):
    """Some bytes, and the same cut anywhere."""
    whole = draw(
        st.binary(max_size=200) | st.lists(st.sampled_from([b"\n", b"{}", b"\xc3\xa4", b"\r"])).map(b"".join)
    )
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)))))
    return whole, [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


@given(pieces())
def test_lines_are_the_same_however_they_arrive(case):
    whole, parts = case
    buffer = LineBuffer()
    lines = [line for part in parts for line in buffer.feed(part)]
    assert lines == [line for line in whole.split(b"\n")[:-1] if line.strip()]


@given(pieces())
def test_the_tail_is_the_same_however_it_arrives(case):
    whole, parts = case
    at_once, bit_by_bit = Tail(), Tail()
    at_once.feed(whole)
    for part in parts:
        bit_by_bit.feed(part)
    assert at_once.lines == bit_by_bit.lines


def test_a_cut_line_does_not_come_back_after_clear():
    buffer = LineBuffer()
    buffer.feed(b"half a li")
    buffer.clear()
    assert buffer.feed(b"whole\n") == [b"whole"]


def test_the_tail_keeps_the_last_lines_and_the_last_state_of_a_progress_bar():
    tail = Tail(limit=3)
    tail.feed(b"".join(b"%d\n" % number for number in range(10)) + b"10%\r50%\r99%")
    assert tail.lines == ("7", "8", "9", "99%")
    tail.feed(b"\n" + b"x" * 10_000)
    assert tail.lines[-2] == "99%"
    assert len(tail.lines[-1]) <= 2000
