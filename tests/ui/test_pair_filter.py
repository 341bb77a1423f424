from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpiat_gui.ui.pair_filter import PairFilter, parse_filter


@dataclass(frozen=True)
class Row:
    source: str = "features.7.conv_pwl.conv"
    target: str = "blocks.3.3.conv_pwl"
    kind: str = "Conv2d"
    shapes: str = "95×504×1×1 → 88×528×1×1"
    score: float | None = 0.8842
    state: str = "auto"
    covered: float | None = 0.9545


FRESH = Row(source="", shapes="→ 8×32×1×1", score=None, state="fresh", covered=0.0)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("   ", True),
        ("conv_pwl", True),
        ("CONV_PWL blocks.3", True),
        ("conv_pwl nothing", False),
        ("-nothing", True),
        ("-conv_pwl", False),
        ("score<0.5", False),
        ("score>=0.884", True),
        ("score=0.884", True),
        ("score:0.884", True),
        ("Score<=0.9 score>0.8", True),
        ("-score<0.5", True),
        ("covered>95%", True),
        ("covered>95", True),
        ("covered<0.95", False),
        ("kind:conv", True),
        ("kind:linear,conv", True),
        ("kind:linear", False),
        ("-kind:linear", True),
        ("state:auto", True),
        ("state:a", True),
        ("state:weak,fresh", False),
        ("source:features.7", True),
        ("source:blocks", False),
        ("target:blocks", True),
        ("shape:88x528", True),
        ("shape:1*1", True),
        ('"95×504×1×1 → 88"', True),
        ('"conv_pwl blocks.3.3"', False),
        ("score<", True),
        ("kind:", True),
        ("-", False),
    ],
)
def test_terms(text: str, passes: bool) -> None:
    parsed = parse_filter(text)
    assert parsed.error == ""
    assert parsed.accepts(Row()) is passes


def test_a_row_without_score_passes_no_comparison() -> None:
    assert not parse_filter("score<0.5").accepts(FRESH)
    assert not parse_filter("score>=0").accepts(FRESH)
    assert parse_filter("covered<1%").accepts(FRESH)
    assert parse_filter("state:fresh").accepts(FRESH)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("score<x", "'x' is not a number: write score<0.5"),
        ("covered>much", "not a number"),
        ("size<3", "no number named size"),
        ("colour:red", "no column named colour"),
        ("state:good", "no state 'good'"),
        ("kind>conv", "kind is a text: write kind:conv"),
        ('"open', "quotation mark"),
    ],
)
def test_a_bad_term_says_why_and_hides_nothing(text: str, said: str) -> None:
    parsed = parse_filter(text)
    assert said in parsed.error
    if not text.startswith('"'):
        assert parsed.terms == ()
        assert parsed.accepts(Row())


def test_a_bad_term_leaves_the_others_at_work() -> None:
    parsed = parse_filter("score<x kind:linear")
    assert parsed.error
    assert not parsed.accepts(Row())


@given(st.text(max_size=40) | st.text(alphabet='score<>=:-,".5% kindstate', max_size=30))
def test_any_text_is_parsed(text: str) -> None:
    parsed = parse_filter(text)
    assert isinstance(parsed, PairFilter)
    parsed.accepts(Row())
    parsed.accepts(FRESH)
