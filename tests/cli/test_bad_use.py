"""Bad use and bad luck on the command line: plain words, the right exit code, and nothing lost."""

import errno
import io
import json
import os
import shutil
import signal
import sys
from contextlib import contextmanager
from functools import partial

import pytest
import torch
from plain_files import write_networks
from rich.console import Console
from safetensors.torch import save_file

from dpiat_gui.cli import main, output
from dpiat_gui.project.project import save_project
from dpiat_gui.project.values import NetworkRecord, Project
from dpiat_gui.transfer.values import Progress

CODE = "from torch import nn\ndef net():\n    return nn.Sequential(nn.Conv2d(3, 40, 3), nn.BatchNorm2d(40))\n"


@pytest.fixture
def networks(tmp_path):
    return [str(path) for path in write_networks(tmp_path / "networks", layers=2)]


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, " ".join(captured.err.split())


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_that_is_read_is_written_over(capsys, tmp_path, networks):
    source, target = networks
    code = tmp_path / "mine.py"
    code.write_text(CODE)
    index = tmp_path / "networks" / "many.safetensors.index.json"
    shutil.copy(source, index.with_name("one.safetensors"))
    names = ["conv0.weight", "bn0.weight", "bn0.bias", "conv1.weight", "bn1.weight", "bn1.bias"]
    index.write_text(json.dumps({"weight_map": dict.fromkeys(names, "one.safetensors")}))
    project = tmp_path / "p.dpiat"
    save_project(Project(NetworkRecord(source), NetworkRecord(target)), project)
    out = tmp_path / "out.safetensors"
    before = contents(tmp_path)
    for asked in (
        ("plan", f"{code}:net", target, "-o", code, "--trust"),
        ("plan", index, target, "-o", index),
        ("match", source, target, "--csv", target),
        ("match", index, target, "--json", index),
        ("match", index, target, "--csv", index.with_name("one.safetensors")),
        ("match", "--project", project, "--csv", project),
        ("match", source, target, "--overrides", project, "--csv", project),
        ("transfer", index, target, "-o", out, "--ledger", index),
    ):
        result, _, error = run(capsys, *asked)
        assert result == 2
        assert "is one of the files being read" in error
    assert contents(tmp_path) == before


def test_weights_named_in_a_reference_are_read_and_not_written_over(capsys, tmp_path, networks, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"weights")
    named = ("transfer", "timm:resnet18?checkpoint_path=~/mine.safetensors", networks[1])
    code, _, error = run(capsys, *named, "-o", weights)
    assert code == 2
    assert "is one of the files being read" in error
    assert weights.read_bytes() == b"weights"


def test_weights_in_a_home_that_is_not_there_are_not_there(capsys, tmp_path, networks):
    named = ("transfer", "timm:resnet18?checkpoint_path=~nobody-here/x.pth", networks[1])
    code, _, error = run(capsys, *named, "-o", tmp_path / "o.safetensors")
    assert code == 2
    assert "There is no file" in error


def test_a_folder_is_no_plan(capsys, networks):
    for folder in (".", "/"):
        code, _, error = run(capsys, "plan", *networks, "-o", folder)
        assert code == 2
        assert "does not say what kind of file to write" in error


def test_a_ledger_does_not_replace_what_is_written_with_it(capsys, tmp_path, networks):
    out = tmp_path / "out.safetensors"
    ledger = tmp_path / "out.safetensors.manifest.json"
    code, _, error = run(capsys, "transfer", *networks, "-o", out, "--manifest", "--ledger", ledger)
    assert code == 2
    assert "is written beside the checkpoint already" in error
    assert not out.exists()


@pytest.mark.parametrize("name", ["n" * 300, "n" * 243])
def test_a_name_that_no_disk_takes_is_refused_before_any_work(capsys, tmp_path, networks, monkeypatch, name):
    from dpiat_gui.transfer import execution

    monkeypatch.setattr(execution, "match_request", lambda *given: pytest.fail("there was work"))
    code, _, error = run(capsys, "transfer", *networks, "-o", tmp_path / f"{name}.safetensors")
    assert code == 2
    assert "is too long" in error
    assert [path.name for path in tmp_path.iterdir()] == ["networks"]


def test_names_that_cannot_be_are_no_networks(capsys, tmp_path, networks):
    for name in ("n" * 300 + ".safetensors", "n" * 300 + ".pth", "n" * 300 + ".py:net", "~nobody-here/x.pth"):
        code, _, error = run(capsys, "match", name, networks[1])
        assert code == 2
        assert "Error:" in error
    code, _, error = run(capsys, "transfer", *networks, "-o", "~nobody-here/x.safetensors")
    assert code == 2
    assert "does not exist" in error


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_a_pipe_and_a_link_to_nowhere_are_no_networks(capsys, tmp_path, networks):
    for ending in ("safetensors", "pth"):
        pipe, link = tmp_path / f"pipe.{ending}", tmp_path / f"link.{ending}"
        os.mkfifo(pipe)
        link.symlink_to(link)
        for path, said in ((pipe, "is a pipe or a device"), (link, "is a link that leads to no file")):
            code, _, error = run(capsys, "match", path, networks[1])
            assert code == 2
            assert said in error


def test_trust_that_cannot_be_kept_says_so(capsys, tmp_path, networks, monkeypatch):
    (tmp_path / "taken").write_text("a file, where the folder of settings should be")
    (tmp_path / "mine.py").write_text(CODE)
    monkeypatch.setenv("DPIAT_GUI_CONFIG", str(tmp_path / "taken" / "config"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "taken"))
    code, _, error = run(capsys, "match", f"{tmp_path / 'mine.py'}:net", networks[1], "--trust")
    assert code == 2
    assert "cannot be a file here" in error


def test_a_full_disk_is_a_failed_job_and_not_bad_use(capsys, tmp_path, networks, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    code, _, error = run(capsys, "transfer", *networks, "-o", tmp_path / "out.safetensors")
    assert code == 1
    assert "Free some space" in error
    assert [path.name for path in tmp_path.iterdir()] == ["networks"]


def test_an_output_stream_that_refuses_is_told_of(capsys, networks, monkeypatch):
    def refuse(where, value):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(output, "write_json", refuse)
    code, _, error = run(capsys, "match", *networks, "--json")
    assert code == 1
    assert "The system refused the output: No space left on device." in error


def test_a_reader_that_has_seen_enough_is_no_failure(capsys, networks, monkeypatch):
    def close(where, value):
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    for name in ("stdout", "stderr"):  # typer wraps them, and what it does is taken back here
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(output, "write_json", close)
    assert main(["match", *networks, "--json"]) == 0


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("counted", [False, True])
def test_a_wish_to_end_leaves_the_old_file_and_nothing_else(
    capsys, tmp_path, networks, monkeypatch, wish, counted
):
    def show(step):
        if bool(step.total) is counted and not told:
            told.append(step)
            signal.raise_signal(wish)
            # A job that may be writing is asked to stop; any other is left at once.
            assert counted

    @contextmanager
    def bar(*, quiet):
        yield show

    told = []
    monkeypatch.setattr(output, "progress_bar", bar)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    goal = tmp_path / "out" / "o.safetensors"
    goal.parent.mkdir()
    goal.write_bytes(b"old")
    code, _, error = run(capsys, "transfer", *networks, "-o", goal)
    assert told
    assert code == 1
    assert "Cancelled; nothing was written." in error
    assert contents(goal.parent) == {goal: b"old"}
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_names_are_printed_as_they_are(capsys, tmp_path):
    source, target = tmp_path / "s[red].safetensors", tmp_path / ":fire:.safetensors"
    for file, name in ((source, "enc[red]"), (target, "x[/y]")):
        save_file({f"{key}.weight": torch.ones(8, 8, 3, 3) for key in (name, "rest")}, file)
    result, out, _ = run(capsys, "match", source, target)
    assert result == 0
    assert "enc[red]" in out
    assert "x[/y]" in out
    assert "s[red] → :fire:" in out
    result, out, _ = run(capsys, "match", source, target, "--versus", "automatic", "--ban", "rest=x[/y]")
    assert result == 0
    assert "x[/y]   rest" in out
    made = tmp_path / "o[b].safetensors"
    result, out, _ = run(capsys, "transfer", source, target, "-o", made, "--preset", "paper")
    assert result == 0
    assert f"Written {made}" in out
    assert "s[red] → :fire:" in out
    result, _, error = run(capsys, "match", tmp_path / "[/a].safetensors", target)
    assert result == 2
    assert f"There is no file {tmp_path}/[/a].safetensors" in error


def test_the_bar_shows_names_as_they_are(monkeypatch):
    written = io.StringIO()
    terminal = partial(Console, file=written, force_terminal=True, width=80)
    monkeypatch.setattr(output, "Console", lambda **given: terminal())
    with output.progress_bar(quiet=False) as show:
        show(Progress(1, 2, "enc[red]x[/y]"))
    assert "enc[red]x[/y]" in written.getvalue()


def test_one_file_is_not_named_for_two_things(capsys, tmp_path, networks):
    out, same = tmp_path / "out.safetensors", tmp_path / "z.json"
    code, _, error = run(capsys, "transfer", *networks, "-o", out, "--ledger", same, "--json", same)
    assert code == 2
    assert "z.json is named for two things to write" in error
    assert not out.exists()
    assert not same.exists()


def test_numbers_and_names_beyond_all_measure_are_told_in_plain_words(capsys, tmp_path, networks):
    code, _, error = run(capsys, "match", f"timm:resnet18?num_classes={'9' * 5000}", networks[1])
    assert code == 2
    assert "num_classes" in error
    code, _, error = run(capsys, "render", *networks, "-o", tmp_path / "f.png", "--scale", "nan")
    assert code == 2
    assert "at a scale of nan" in error
    code, _, error = run(capsys, "verify", "x" * 300 + ".safetensors")
    assert code != 0
    assert "is too long for this disk. Check the name." in error
