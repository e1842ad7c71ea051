"""The facts of a withdrawal that passes every preflight check, for a test to change."""

from cockpit.desk.funding.preflight import PreflightFacts
from tests.support.desk.open_venue import OPEN_VENUE
from venue.protocol.tokens import BTC

PASSING = PreflightFacts(
    asset=BTC,
    amount=100_000,
    destination="bc1q",
    route="transaction",
    venue=OPEN_VENUE,
    frozen=False,
    balance=1_000_000,
    balance_fresh=True,
    available=900_000,
    unexplained=False,
    fee=1_500,
    fee_problem="",
    expected_fee=1_500,
    minimum=10_000,
    minimum_problem="",
    cooling_left_ms=0,
    undecided="",
    history_complete=True,
    previous_run_ms=0,
    clock_right=True,
    own_deposit_address=False,
)
