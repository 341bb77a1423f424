import pytest

from dpiat_gui.errors import MatchError
from dpiat_gui.matching.values import MatchOptions, Overrides, match_options


@pytest.mark.parametrize(
    "options",
    [
        {"exponent": 0},
        {"exponent": 1},
        {"exponent": float("nan")},
        {"method": "best"},
        {"layer_types": "some"},
    ],
)
def test_options_without_meaning_are_refused(options):
    with pytest.raises(MatchError):
        MatchOptions(**options)


def test_named_options_override_their_preset():
    assert match_options("paper").layer_types == "paper"
    assert match_options("paper", layer_types="all", exponent=0.25) == MatchOptions(exponent=0.25)
    with pytest.raises(MatchError, match="preset"):
        match_options("fast")
    with pytest.raises(MatchError, match="colour"):
        match_options("paper", colour="red")


def test_overrides_accept_any_iterables_and_forget_doubles():
    overrides = Overrides(pins=[["a", "b"], ("a", "b")], fresh=iter(["c", "c"]))
    assert overrides == Overrides((("a", "b"),), (), ("c",))
    assert len(overrides) == 2
    assert not Overrides()


def test_overrides_that_contradict_an_edit_give_way():
    overrides = Overrides(pins=[("a", "t")], bans=[("b", "t")], fresh=["u"])
    assert overrides.with_pin("b", "t") == Overrides(pins=[("b", "t")], fresh=["u"])
    assert overrides.with_pin("b", "u").fresh == ()
    assert overrides.with_ban("a", "t").pins == ()
    assert overrides.with_fresh("t").pins == ()
    assert overrides.without("t") == Overrides(fresh=["u"])
