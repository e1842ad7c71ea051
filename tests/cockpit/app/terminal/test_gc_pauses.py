"""A command that starts a cockpit collects no garbage until it has settled, and always does afterwards."""

import gc
import sys

import pytest

from cockpit.app.terminal.gc_pauses import held


def test_nothing_is_collected_while_it_starts_and_whatever_happens_it_is_afterwards() -> None:
    with pytest.raises(SystemExit, match="2") as ended, held():
        sys.exit(2 if not gc.isenabled() else 1)
    assert ended.value.code == 2
    assert gc.isenabled()
