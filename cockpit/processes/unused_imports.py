"""Modules that a library imports where they are installed, and that a desk has no use for."""

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import cast

COMMAND_LINE = "httpx._main"
"""The command line of httpx: it brings rich and pygments, 3 MB and a tenth of the time of a start."""
ASKED_OFTEN = "sniffio"
"""httpx looks for it at each request; where it is not installed, that is a search of every folder of modules."""


def leave_out() -> None:
    """Have these imports fail at once, which their importers provide for. Call it before httpx is imported."""
    modules = cast(dict[str, ModuleType | None], sys.modules)
    modules.setdefault(COMMAND_LINE, None)
    if ASKED_OFTEN not in modules and find_spec(ASKED_OFTEN) is None:
        modules[ASKED_OFTEN] = None
