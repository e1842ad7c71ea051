"""Pictures of the recorded lists, a trace, a day's report and a rewound board, at three sizes."""

import pytest

from cockpit.app.app import CockpitApp
from cockpit.client.desk_client import DeskClient
from cockpit.terminal_reports.terminal_charts import TITLES
from panels.dialogs.history import messages
from panels.kit.view import to_the_ms
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Clock
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.pictures import Before, SnapCompare, showing
from tests.support.cockpit.recorded import FakeHistory

LARGE = (200, 60)
SIZES = pytest.mark.parametrize("size", [NARROW, WIDE, LARGE], ids=["80x24", "120x40", "200x60"])
NOW = samples.snapshot().at_ns


@SIZES
@pytest.mark.parametrize(
    "before",
    [
        pytest.param(showing("decisions0", keys=("5", "H")), id="list"),
        pytest.param(showing("Trace quote-1", "line 0", keys=("5", "H", "down", "enter")), id="trace"),
        pytest.param(showing(TITLES["trading"], messages.OTHER_DAYS, keys=("5", "H", "down", "o")), id="report"),
        pytest.param(showing("requests 184,223", keys=("5", "H", "down", "o", "t")), id="report_tables"),
        pytest.param(showing(f"REWIND {to_the_ms(NOW)}", "Decisions · then", keys=("R",)), id="rewind"),
        pytest.param(showing(f"REWIND {to_the_ms(NOW + 10**12)}", keys=("R", "f")), id="rewind_stepped"),
    ],
)
def test_picture_of_history(
    desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, before: Before, size: tuple[int, int]
) -> None:
    desk.current = samples.snapshot()
    app = CockpitApp(link, paint_hz=30, clock=Clock(), history=FakeHistory())
    assert snap_compare(app, terminal_size=size, run_before=before)
