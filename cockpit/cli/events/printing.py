"""Lines on standard output; nothing in them can act on a terminal."""

import sys
from collections.abc import Iterable

from cockpit.model.printable import printable_json


def print_lines(lines: Iterable[str]) -> None:
    """Print and flush: whoever reads the pipe has every line at once."""
    text = "".join(f"{printable_json(line)}\n" for line in lines)
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
