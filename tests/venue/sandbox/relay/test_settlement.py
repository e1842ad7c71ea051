"""How long a settlement takes: quick in tests, and with a tail of minutes as at the real venue."""

import pytest

from venue.sandbox.relay.settlement import production_delay_s


@pytest.mark.parametrize(("share", "seconds"), [(0.5, 2), (0.9, 10), (0.99, 356)])
def test_the_measured_shares_of_production_come_out(share: float, seconds: float) -> None:
    assert production_delay_s(share) == pytest.approx(seconds)


def test_a_larger_share_takes_longer() -> None:
    delays = [production_delay_s(number / 1_000) for number in range(1_001)]
    assert delays == sorted(set(delays))
    assert (round(delays[0], 3), round(delays[-1], 3)) == (0.8, 600)
