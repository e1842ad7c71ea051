"""The page of settings, from the comments and defaults of ``.env.example``."""

import re

from docs.make.pictures import DOCS

EXAMPLE = DOCS.parent / ".env.example"
_HEADING = re.compile(r"^# ── (.+?) ─+$", re.MULTILINE)
_SETTING = re.compile(r"((?:^# .*\n)+)#?([A-Z_]+)=(.*)$", re.MULTILINE)
_INTRODUCTION = """\
<!-- Generated from .env.example by `python -m docs.make`. Change the comments there. -->
# Settings

Every setting, its default and its range.

Settings come from the environment or from a `.env` file; the environment wins. Start with a copy of
[.env.example](../.env.example). The file must be of mode 0600: the desk refuses one that other users can read.

A missing or malformed setting stops the start. The message names the setting and never its value. The first
three settings have no default and are required.
"""


def settings_page() -> str:
    """One table for each section of ``.env.example``, in its order."""
    _, *parts = _HEADING.split(EXAMPLE.read_text("utf-8"))
    sections = zip(parts[::2], parts[1::2], strict=True)
    return _INTRODUCTION + "".join(f"\n## {name}\n\n{_table(text)}" for name, text in sections)


def _table(section: str) -> str:
    rows = ["| setting | default | meaning |\n", "|---|---|---|\n"]
    for comment, name, default in _SETTING.findall(section):
        meaning = " ".join(line.removeprefix("# ").strip() for line in comment.splitlines())
        rows.append(f"| `{name}` | {f'`{default}`' if default else '–'} | {_cell(meaning)} |\n")
    return "".join(rows)


def _cell(text: str) -> str:
    """The text as a cell of a table: neither a bar nor a tag in it is taken for Markdown."""
    return text.replace("|", r"\|").replace("<", "&lt;").replace(">", "&gt;")
