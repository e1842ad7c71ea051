"""What a desk measures when all its interlocks pass."""

from decimal import Decimal

from cockpit.desk.interlocks.measures import MIN_FREE_BYTES, InterlockFacts
from cockpit.desk.risk.committed_flow import FlowSeen
from cockpit.model.alarms import AlarmsState
from tests.support.desk.open_venue import OPEN_VENUE
from venue.protocol.tokens import DEFAULT_TOKENS

SYMBOLS = ("BTC", "EURe")
PASSING = InterlockFacts(
    symbols=SYMBOLS,
    reference_usable=True,
    reference_detail="60000 EUR, 20 ms old",
    available=(("BTC", Decimal("0.5")), ("EURe", Decimal(0))),
    balances_age_ms=1_200,
    balances_max_age_ms=20_000,
    balances_error="",
    addresses=SYMBOLS,
    pending_known=True,
    history_writable=True,
    history_problem="",
    history_complete=True,
    limits_detail="max size 5 EURe",
    limit_problems=(),
    strategy_armed=True,
    shadow_decisions=3,
    min_shadow_decisions=3,
    key_registered=True,
    key_problem="",
    clock_usable=True,
    clock_detail="no error found; known to ±40 ms",
    salt_known=True,
    salt_age_ms=12_000,
    subscribed=True,
    relay_error="",
    previous_run_ms=0,
    hard_stop=False,
    refusals=4,
    max_refusals=5,
    last_refusal="invalid signature",
    unexplained_ms=0,
    unexplained_detail="difference 0",
    missing=Decimal(0),
    max_missing=Decimal("0.01"),
    alarms=AlarmsState(),
    free_bytes=MIN_FREE_BYTES,
    venue=OPEN_VENUE,
    quote=DEFAULT_TOKENS.quote,
    committed_limit=Decimal(175),
    flow=FlowSeen(requests=29, needed=None, tried=29, refused=29),
)
