"""The pictures of the pages: the snapshots that the tests compare the screen with, so that none shows an old screen,
and those that are drawn."""

from pathlib import Path

from docs.make.option_picture import option_picture

DOCS = Path(__file__).parents[1]
PICTURES_FOLDER = DOCS / "pictures"
SNAPSHOTS = DOCS.parent / "tests" / "pictures" / "__snapshots__"
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
    "quit": "test_pictures_of_dialogs/test_picture_of_a_dialog[quit_armed-80x24]",
}
"""The pictures by name, each with the snapshot that it is a copy of."""


DRAWN = {"option": option_picture}
"""The pictures that are drawn, by name."""


def pictures() -> dict[Path, bytes]:
    """The content of each picture's file."""
    copied = {name: (SNAPSHOTS / f"{test}.svg").read_bytes() for name, test in PICTURES.items()}
    drawn = {name: draw() for name, draw in DRAWN.items()}
    return {PICTURES_FOLDER / f"{name}.svg": content for name, content in (copied | drawn).items()}


def picture_table() -> str:
    """Each picture with its snapshot."""
    rows = (f"| [{name}](pictures/{name}.svg) | `{test}` |\n" for name, test in PICTURES.items())
    return "| picture | snapshot in `tests/pictures/__snapshots__` |\n|---|---|\n" + "".join(rows)
