import stat
from pathlib import Path

import pytest

from cockpit.config.errors import SettingsError
from cockpit.config.settings import Settings, load
from cockpit.desk.runtime.instance_id import instance_id, made_from
from tests.support.settings import loopback


def given(state_dir: Path, **changes: str) -> Settings:
    return load(None, loopback(COCKPIT_STATE_DIR=str(state_dir), **changes))


def test_it_is_made_from_the_account_and_the_same_at_every_start(tmp_path: Path) -> None:
    first = instance_id(given(tmp_path))
    assert first == made_from("maker.near") == "cockpit-c8ce465083cfbc82"
    assert instance_id(given(tmp_path)) == first
    kept = tmp_path / "relay-instance"
    assert kept.read_text() == first + "\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert made_from("other.near") != first


def test_the_one_that_is_kept_is_used(tmp_path: Path) -> None:
    (tmp_path / "relay-instance").write_text("made-by-another-version\n")
    assert instance_id(given(tmp_path)) == "made-by-another-version"


@pytest.mark.parametrize("content", ["", "two words", "x" * 65, "a/b", "\x00"])
def test_a_file_that_cannot_be_used_does_not_stop_the_desk(tmp_path: Path, content: str) -> None:
    (tmp_path / "relay-instance").write_text(content)
    assert instance_id(given(tmp_path)) == made_from("maker.near")


def test_a_directory_that_cannot_be_written_does_not_either(tmp_path: Path) -> None:
    assert instance_id(given(tmp_path / "absent")) == made_from("maker.near")


def test_the_setting_wins_and_guaranteed_delivery_can_be_off(tmp_path: Path) -> None:
    assert instance_id(given(tmp_path, RELAY_INSTANCE_ID="prod-1")) == "prod-1"
    assert instance_id(given(tmp_path, RELAY_GUARANTEED_DELIVERY="false")) == ""
    assert not (tmp_path / "relay-instance").exists()


@pytest.mark.parametrize("name", ["a.b", "a b", "x" * 65, "ü"])
def test_a_name_that_does_not_fit_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="RELAY_INSTANCE_ID: expected 1 to 64"):
        given(tmp_path, RELAY_INSTANCE_ID=name)
