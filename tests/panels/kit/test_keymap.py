"""The table of actions, and what an operator's own keys file may change in it."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from panels.kit.actions import ACTIONS, NAVIGATION
from panels.kit.keymap import DEFAULT_KEYS, LINE_IGNORED, KeyMap, key_name, neighbours, read_keys, remapped

IDENTS = [action.id for action in ACTIONS]


def keys_of(keymap: KeyMap, ident: str) -> tuple[str, ...]:
    return next(action.keys for action in keymap.actions if action.id == ident)


def sound(keymap: KeyMap) -> None:
    """No key does two things, disarming keeps its own, and no slip of the finger is dangerous."""
    every = [key for action in keymap.actions for key in action.keys]
    assert len(every) == len(set(every))
    assert "ctrl+x" in keys_of(keymap, "disarm")
    moves = {key.lower() for action in keymap.actions if action.group in NAVIGATION for key in action.keys}
    for action in keymap.actions:
        for key in action.keys:
            if action.danger and len(key) == 1:
                assert not neighbours(key) & moves, (action.id, key)


def test_the_default_keys_are_sound() -> None:
    sound(KeyMap())
    assert len(IDENTS) == len(set(IDENTS))


def test_every_help_fits_its_line_at_80_columns() -> None:
    assert [action.id for action in ACTIONS if len(action.help) > 56] == []


def test_neighbours_are_the_letters_around_one() -> None:
    assert neighbours("s") == set("asdwezx")
    assert neighbours("Q") == set("qwa")
    assert neighbours("1") == frozenset()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("?", "question_mark"),
        ("/", "slash"),
        ("g", "g"),
        ("G", "G"),
        ("f5", "f5"),
        ("F5", "f5"),
        ("ctrl+x", "ctrl+x"),
        ("Ctrl+K", "ctrl+k"),
        ("esc", "escape"),
        ("return", "enter"),
        ("space", "space"),
        ("super+x", None),
        ("nokey", None),
        ("", None),
        (" ", None),
    ],
)
def test_keys_as_people_write_them(text: str, name: str | None) -> None:
    assert key_name(text) == name


def file_of(tmp_path: Path, text: str) -> KeyMap:
    """What a file with this text makes of the keys."""
    path = tmp_path / "keys.toml"
    path.write_text(text)
    return read_keys(path, named=True)


def test_keys_are_changed_by_id_nested_or_not(tmp_path: Path) -> None:
    keymap = file_of(tmp_path, 'zoom = "f5"\n"arm.strategy" = ["f7", "ctrl+b"]\n[rows]\nopen = "o"\n')
    assert keymap.problems == ()
    assert keys_of(keymap, "zoom") == ("f5",)
    assert keys_of(keymap, "arm.strategy") == ("f7", "ctrl+b")
    assert keys_of(keymap, "rows.open") == ("o",)
    assert keymap.shown("zoom") == "f5"
    sound(keymap)


def test_two_actions_may_change_places(tmp_path: Path) -> None:
    keymap = file_of(tmp_path, 'zoom = "t"\ntheme = "z"\n')
    assert keymap.problems == ()
    assert (keys_of(keymap, "zoom"), keys_of(keymap, "theme")) == (("t",), ("z",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('zom = "f5"', "zom: no such action; did you mean zoom?"),
        ('zoom = "t"', f"zoom: t belongs to theme; {LINE_IGNORED}"),
        ('zoom = "nokey"', "zoom: 'nokey' is not a key"),
        ("zoom = 5", "zoom: expected a key as text"),
        ('disarm = "f9"', "disarm: ctrl+x cannot be removed"),
        ("disarm = []", "disarm: ctrl+x cannot be removed"),
        ('zoom = "ctrl+x"', "zoom: ^x belongs to disarm"),
        ('"arm.executor" = "u"', "arm.executor: u (arm.executor) is next to"),
        ('"rows.down" = "e"', "w (withdraw) is next to e (rows.down)"),
        ('zoom = "ctrl+m"', "zoom: enter belongs to rows.open"),
        ("zoom = ", DEFAULT_KEYS),
    ],
)
def test_a_wrong_line_is_reported_and_ignored(tmp_path: Path, text: str, expected: str) -> None:
    keymap = file_of(tmp_path, text)
    assert any(expected in problem for problem in keymap.problems), keymap.problems
    sound(keymap)
    assert keys_of(keymap, "zoom") == ("z",)


def test_disarming_may_have_another_key_beside_its_own(tmp_path: Path) -> None:
    assert keys_of(file_of(tmp_path, 'disarm = "f9"'), "disarm") == ("ctrl+x", "f9")


def test_a_file_that_is_not_there_matters_only_when_it_was_named(tmp_path: Path) -> None:
    assert read_keys(tmp_path / "keys.toml", named=False) == KeyMap()
    keymap = read_keys(tmp_path / "keys.toml", named=True)
    assert keymap.actions == ACTIONS
    assert "No such file" in keymap.problems[0]


def test_a_file_that_is_no_text_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_bytes(b"\xff\xfe\x00zoom")
    assert read_keys(path, named=True).problems
    path.write_bytes(b"#" * 200_000)
    assert "too long" in read_keys(path, named=True).problems[0]


wild = st.one_of(
    st.sampled_from(["ctrl+x", "h", "j", "k", "u", "s", "f5", "q", "?", "enter", "nokey", ""]), st.integers(), st.none()
)


def test_no_line_takes_the_key_of_disarming_whatever_its_order() -> None:
    for given_keys in ({"stop.hard": "ctrl+x", "disarm": "ctrl+x"}, {"disarm": "f9", "stop.hard": "ctrl+x"}):
        keymap = remapped(given_keys)
        assert "ctrl+x" in keys_of(keymap, "disarm")
        assert any("stop.hard: ^x belongs to disarm" in problem for problem in keymap.problems)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*IDENTS, "no.such.action"]), st.one_of(wild, st.lists(wild, max_size=3)), max_size=8
    )
)
@example({"jump.market": "s", "withdraw": "ctrl+x"})
def test_no_file_makes_the_keys_unsound(given_keys: dict[str, object]) -> None:
    keymap = remapped(given_keys)
    sound(keymap)
    assert [action.id for action in keymap.actions] == IDENTS
