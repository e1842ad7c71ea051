"""The .env.example names what the program reads, with the defaults it really has."""

import itertools
import re
from pathlib import Path

from cockpit.config.settings import NAMES, load
from tests.support.settings import environ

EXAMPLE = Path(__file__).parents[3] / ".env.example"
LINE = re.compile(r"^#?([A-Z_]+)=(.*)$", re.MULTILINE)


def test_it_names_every_setting_once_and_nothing_else() -> None:
    named = [name for name, _ in LINE.findall(EXAMPLE.read_text())]
    assert sorted(named) == sorted(NAMES)


def test_its_defaults_are_the_programs() -> None:
    written = {name: value for name, value in LINE.findall(EXAMPLE.read_text()) if value}
    assert load(None, written | environ()) == load(None, environ())


def test_only_what_has_no_default_is_left_to_fill_in() -> None:
    open_lines = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(open_lines) == sorted(name for name in environ() if name != "HOME")


def test_every_setting_is_explained() -> None:
    lines = EXAMPLE.read_text().splitlines()
    for above, line in itertools.pairwise(lines):
        if LINE.match(line):
            assert above.startswith("# "), line


def test_a_filled_in_copy_is_read(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    for name, value in environ().items():
        text = text.replace(f"\n{name}=\n", f"\n{name}={value}\n")
    copy = tmp_path / ".env"
    copy.touch(0o600)
    copy.write_text(text)
    assert load(copy, {"HOME": "/home/maker"}) == load(None, environ())
