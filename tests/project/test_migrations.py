from typing import Any

import pytest

from dpiat_gui.errors import ProjectError
from dpiat_gui.project.migrations import STEPS, VERSION, Step, migrate


def _rename(record: dict[str, Any]) -> dict[str, Any]:
    record["after"] = record.pop("before")
    return record


def _count(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "count": len(record["after"])}


THREE = (Step(2, 3, _count), Step(1, 2, _rename))


def test_every_step_leads_one_version_up_and_none_is_missing() -> None:
    assert [(step.before, step.after) for step in STEPS] == [(v, v + 1) for v in range(1, VERSION)]


def test_steps_are_taken_in_the_order_of_versions() -> None:
    migrated = migrate({"version": 1, "before": "abc", "unknown": 7}, steps=THREE, version=3)
    assert migrated == {"version": 3, "after": "abc", "count": 3, "unknown": 7}


def test_a_chain_may_begin_in_the_middle() -> None:
    assert migrate({"version": 2, "after": "ab"}, steps=THREE, version=3)["count"] == 2


def test_the_record_given_is_left_alone() -> None:
    record = {"version": 1, "before": ["x"]}
    migrate(record, steps=THREE, version=3)
    assert record == {"version": 1, "before": ["x"]}


def test_a_newer_version_is_refused_and_both_versions_are_named() -> None:
    with pytest.raises(ProjectError, match=r"version 9.*up to 3"):
        migrate({"version": 9}, steps=THREE, version=3)


def test_a_missing_step_is_an_error() -> None:
    with pytest.raises(ProjectError, match="nothing leads from there to version 4"):
        migrate({"version": 1, "before": "a"}, steps=THREE, version=4)


def test_a_step_that_stumbles_becomes_an_error_with_its_cause() -> None:
    with pytest.raises(ProjectError, match="from version 1 to 2") as caught:
        migrate({"version": 1}, steps=THREE, version=3)
    assert isinstance(caught.value.__cause__, KeyError)
