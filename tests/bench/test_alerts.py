"""A storm of alerts while no service takes any: it loses none and costs little."""

from pathlib import Path

import pytest

from bench.alerts import measure


@pytest.mark.slow
async def test_a_storm_of_1000_alerts_a_second_loses_none_while_the_service_is_down(tmp_path: Path) -> None:
    found = await measure(tmp_path, rate=1_000, seconds=3)
    assert found.kept == found.raised > 12_000
    # CPU time, so that a busy machine does not matter: at 1,000 a second this is under a twentieth of a core.
    assert found.note_us < 50
