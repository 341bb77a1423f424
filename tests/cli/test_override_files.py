"""Overrides that the window exported are applied on the command line, to the same or other networks."""

from pathlib import Path

import pytest

from dpiat_gui.cli.asked import make_project
from dpiat_gui.errors import ProjectError
from dpiat_gui.matching.values import Overrides
from dpiat_gui.project.override_files import OverrideList, save_overrides
from dpiat_gui.project.project import save_project
from dpiat_gui.project.values import NetworkRecord, Project


def test_overrides_of_a_file_are_added_and_disabled_ones_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "mine.overrides.json"
    save_overrides(OverrideList(Overrides([("a", "b")], fresh=["c"]), Overrides([("d", "e")])), file)
    asked = make_project("timm:resnet18", "timm:resnet34", None, bans=["x=y"], overrides=file)
    assert asked.overrides == Overrides([("a", "b")], [("x", "y")], ["c"])


def test_overrides_of_a_project_are_applied_to_other_networks(tmp_path: Path) -> None:
    file = tmp_path / "p.dpiat"
    save_project(
        Project(NetworkRecord("timm:a"), NetworkRecord("timm:b"), overrides=Overrides(fresh=["c"])), file
    )
    asked = make_project("timm:resnet18", "timm:resnet34", None, overrides=file)
    assert asked.overrides == Overrides(fresh=["c"])
    assert asked.source == NetworkRecord("timm:resnet18")


def test_a_file_without_overrides_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(ProjectError, match="no overrides"):
        make_project("timm:resnet18", "timm:resnet34", None, overrides=tmp_path / "a.json")
