import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dpiat_gui.services.settings import MOST_RECENT, Choices, Settings, read_choices


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "settings.json"


def written(path):
    return json.loads(path.read_text())


def test_choices_survive_and_only_what_differs_is_written(qapp, path):
    settings = Settings(path)
    settings.set(theme="dark", wheel_zooms=False, seed=7)
    settings.add_recent_source("timm:resnet18")
    settings.set_window(b"\x00\xff", b"panes")
    assert set(written(path)) == {"theme", "seed", "recent_sources", "geometry", "layout"}
    again = Settings(path)
    assert again.choices == settings.choices
    assert again.window == (b"\x00\xff", b"panes")
    again.set(theme="system")
    again.flush()
    assert "theme" not in written(path)


def test_a_change_is_written_soon_and_told_at_once(qtbot, path):
    settings = Settings(path)
    told = []
    settings.changed.connect(told.append)
    settings.set(wheel_zooms=True, theme="system")
    assert told == ["wheel_zooms"]
    qtbot.waitUntil(path.exists)
    assert written(path) == {"wheel_zooms": True}


def test_many_changes_are_one_write(qtbot, path):
    settings = Settings(path)
    for seed in range(1, 50):
        settings.set(seed=seed)
    assert not path.exists()
    qtbot.waitUntil(path.exists)
    assert written(path) == {"seed": 49}


def test_recent_things_are_unique_and_few(qapp, path):
    settings = Settings(path)
    for number in range(MOST_RECENT + 5):
        settings.add_recent_target(f"timm:{number}")
    settings.add_recent_target("timm:10")
    assert settings.recent_targets[0] == "timm:10"
    assert len(settings.recent_targets) == len(set(settings.recent_targets)) == MOST_RECENT


def test_keys_of_a_newer_version_and_of_another_window_stay(qapp, path):
    path.parent.mkdir()
    path.write_text('{"from the future": [1], "seed": 3}')
    first, second = Settings(path), Settings(path)
    first.set(theme="dark")
    first.flush()
    second.set(wheel_zooms=True)
    second.flush()
    assert written(path) == {"from the future": [1], "seed": 3, "theme": "dark", "wheel_zooms": True}
    assert not path.with_name("settings.json.bak").exists()


def test_bad_values_are_dropped_one_by_one_after_a_copy(qapp, path):
    path.parent.mkdir()
    content = '{"theme": "pink", "wheel_zooms": 1, "seed": 5, "recent_sources": [1], "geometry": null}'
    path.write_text(content)
    settings = Settings(path)
    assert settings.choices == Choices(seed=5)
    assert path.with_name("settings.json.bak").read_text() == content


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'"x"'])
def test_a_damaged_file_never_keeps_the_program_from_starting(qapp, path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    settings = Settings(path)
    assert settings.choices == Choices()
    settings.set(seed=1)
    settings.flush()
    assert written(path) == {"seed": 1}
    backup = path.with_name("settings.json.bak")
    assert backup.read_bytes() == content if content else not backup.exists()


def test_damaged_window_state_is_no_state(qapp, path):
    path.parent.mkdir()
    path.write_text('{"geometry": "%%%", "layout": "AAA"}')
    assert Settings(path).window == (b"", b"")


def test_a_folder_that_cannot_be_written_costs_only_the_settings(qapp, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = Settings(blocked / "settings.json")
    settings.set(theme="dark")
    settings.flush()
    assert settings.theme == "dark"


def test_a_choice_that_makes_no_sense_is_refused(qapp, path):
    with pytest.raises(ValueError, match="theme cannot be 'pink'"):
        Settings(path).set(theme="pink")
    with pytest.raises(ValueError, match="nothing"):
        Settings(path).set(nothing=1)


def test_the_place_follows_the_environment(qapp, monkeypatch, tmp_path):
    monkeypatch.setenv("DPIAT_GUI_CONFIG", str(tmp_path / "elsewhere"))
    settings = Settings()
    settings.set(seed=9)
    settings.flush()
    assert written(tmp_path / "elsewhere" / "settings.json") == {"seed": 9}


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner), max_leaves=4
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.dictionaries(st.sampled_from([*vars(Choices()), "other"]), PLAIN))
def test_whatever_json_stands_there_gives_choices_of_the_right_types(path, record):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record))
    choices = read_choices(path)
    for name, default in vars(Choices()).items():
        assert type(getattr(choices, name)) is type(default)
