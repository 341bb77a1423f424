from made import network

from dpiat_gui.document.problems import Problem, ProblemKind, find_problems, step
from dpiat_gui.document.selection import Selection
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides

C = (8, 4, 3, 3)
FRESH, WEAK, CROPPED = ProblemKind.FRESH, ProblemKind.WEAK, ProblemKind.CROPPED
REUSED, UNUSED = ProblemKind.REUSED, ProblemKind.UNUSED


def _told(problems: tuple[Problem, ...]) -> list[tuple[str | None, str | None, tuple[ProblemKind, ...]]]:
    return [(problem.source, problem.target, problem.kinds) for problem in problems]


def test_a_perfect_match_has_no_problem() -> None:
    net = network("n", [[C, (8,), None], (10, 8)])
    assert find_problems(match_networks(net, net)) == ()
    assert step((), match_networks(net, net), Selection(), 1) is None


def test_each_kind_is_found_in_target_order() -> None:
    source = network("s", [[C, (8,)], (5,), (9, 9, 1, 1), (10, 8)])
    target = network("t", [[C, (8,)], [C, (8,), (2, 2)], (1, 9, 1, 1), (10, 8)])
    problems = find_problems(match_networks(source, target))
    assert _told(problems) == [
        ("s0", "t0", (REUSED,)),
        ("s0", "t1", (REUSED,)),
        (None, "t1.2", (FRESH,)),
        ("s1", None, (UNUSED,)),
        ("s2", "t2", (WEAK, CROPPED)),
    ]
    assert problems[-1].text == "t2: weak (0.111), cropped"
    assert [problem.row for problem in problems] == [0, 2, 4, 5, 5]


def test_a_block_without_a_source_is_one_problem() -> None:
    source, target = network("s", [(10, 8)]), network("t", [[C, (8,), C], (10, 8)])
    assert _told(find_problems(match_networks(source, target))) == [(None, "t0", (FRESH,))]


def test_what_was_decided_by_hand_is_no_problem() -> None:
    source = network("s", [[C, (8,)], (2, 2)])
    target = network("t", [[C, (2,)], (20, 20)])
    before = find_problems(match_networks(source, target))
    assert {problem.target for problem in before} == {"t0", "t0.1", "t1"}
    overrides = Overrides(pins=[("s0.1", "t0.1"), ("s0", "t0")], fresh=["t1"])
    after = find_problems(match_networks(source, target, overrides=overrides))
    assert _told(after) == [("s1", None, (UNUSED,))]


def test_the_walk_goes_on_from_the_selected_row_and_stops_softly() -> None:
    source = network("s", [(8, 8), (4, 4), (3,)])
    target = network("t", [(8, 8), (20, 20), (7, 8, 9, 9), (8, 8)])
    matching = match_networks(source, target)
    problems = find_problems(matching)
    assert len(problems) > 1
    first = step(problems, matching, Selection(), 1)
    last = step(problems, matching, Selection(), -1)
    assert first is not None
    assert last is not None
    assert first.counter == f"1 of {len(problems)}"
    assert last.position == len(problems)
    walked, here = [first.problem], first
    while not here.at_end:
        here = step(problems, matching, here.selection, 1) or here
        walked.append(here.problem)
    assert tuple(walked[:-1]) == problems
    assert here.problem == problems[-1]
    back = step(problems, matching, first.selection, -1)
    assert back is not None
    assert back.at_end
    assert back.problem == problems[0]


def test_the_walk_starts_beside_a_row_that_is_no_problem() -> None:
    source = network("s", [(8, 8), (9, 9), (8, 8)])
    target = network("t", [(8, 8), (30, 30), (8, 8), (40, 40), (8, 8)])
    matching = match_networks(source, target)
    problems = find_problems(matching)
    rows = [problem.row for problem in problems]
    for row in (0, 1, 2, 3, 4):
        for direction in (1, -1):
            found = step(problems, matching, Selection(None, f"t{row}"), direction)
            assert found is not None
            if row not in rows and not found.at_end:
                assert (found.problem.row - row) * direction > 0
