"""Writes what the runbook takes from elsewhere: pictures, and the table of settings. ``python -m docs.make``.

The pictures are the ones that the tests compare the screen with: none can show what the app no longer looks like.
"""

import re
from pathlib import Path

HERE = Path(__file__).parent
RUNBOOK = HERE / "runbook.md"
EXAMPLE = HERE.parent / ".env.example"
SNAPSHOTS = HERE.parent / "tests" / "pictures" / "__snapshots__"
PICTURES = {
    "live": "test_pictures/test_picture_of_a_desk[live-120x40]",
    "armed": "test_pictures/test_picture_of_a_desk[armed-120x40]",
    "narrow": "test_pictures/test_picture_of_a_desk[armed-80x24]",
    "interlocks": "test_pictures/test_picture_of_one_panel[3]",
    "arming": "test_pictures/test_picture[arming_dialogue]",
    "silent": "test_pictures/test_picture_of_a_silent_desk",
    "deposit": "test_pictures/test_picture_of_money[deposit]",
    "review": "test_pictures/test_picture_of_money[review]",
    "confirm": "test_pictures/test_picture_of_money[confirm]",
    "quit": "test_pictures_of_dialogs/test_picture_of_a_dialogue[quit_armed-80x24]",
}
"""The runbook's pictures by name, each the test's that shows it."""
BEGIN, END = "<!-- settings: begin -->\n", "<!-- settings: end -->\n"
_SETTING = re.compile(r"((?:^# .*\n)+)#?([A-Z_]+)=(.*)$", re.MULTILINE)


def settings_table(example: str) -> str:
    """Every setting of ``.env.example`` with its default, in its order."""
    lines = ["| setting | default | what it is |\n", "|---|---|---|\n"]
    for said, name, default in _SETTING.findall(example):
        about = " ".join(line.removeprefix("# ").strip() for line in said.splitlines() if "──" not in line)
        lines.append(f"| `{name}` | {f'`{default}`' if default else '–'} | {about.replace('|', chr(92) + '|')} |\n")
    return "".join(lines)


def with_table(runbook: str, table: str) -> str:
    """The runbook with this table between its marks."""
    before, _, rest = runbook.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table}{END}{after}"


def pictures() -> dict[Path, bytes]:
    """What each picture's file must hold."""
    return {
        HERE / "pictures" / f"{name}.svg": (SNAPSHOTS / f"{test}.svg").read_bytes() for name, test in PICTURES.items()
    }


def main() -> None:
    """Write them."""
    (HERE / "pictures").mkdir(exist_ok=True)
    for path, picture in pictures().items():
        path.write_bytes(picture)
    table = settings_table(EXAMPLE.read_text("utf-8"))
    RUNBOOK.write_text(with_table(RUNBOOK.read_text("utf-8"), table), "utf-8")


if __name__ == "__main__":
    main()
