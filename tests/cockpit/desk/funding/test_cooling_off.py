"""An address never used before waits; neither a restart nor a clock set back shortens the wait."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.funding.cooling_off import CoolingOff
from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from tests.support.recorder import MemoryRecorder

MINUTE = 60 * 10**9
TEN_MS = 600_000


class CoolingCase:
    """A cooling-off with its clock; ``again`` is the same after a restart."""

    def __init__(self, recorded: list[LiquidityAction] | None = None, now_ns: int = 10**18) -> None:
        self.now_ns = now_ns
        self.monotonic_ns = 0
        self.recorded: list[LiquidityAction] = [] if recorded is None else recorded
        env = Environment(wall_ns=lambda: self.now_ns, monotonic_ns=lambda: self.monotonic_ns)
        self.cooling = CoolingOff(env, MemoryRecorder(self.recorded), cooling_ms=TEN_MS)
        self.cooling.load(tuple(self.recorded))

    def again(self) -> "CoolingCase":
        return CoolingCase(self.recorded, self.now_ns)

    def wait(self, ns: int) -> None:
        """Let time pass on both clocks."""
        self.now_ns += ns
        self.monotonic_ns += ns

    @property
    def left(self) -> int:
        return self.cooling.left_ms("btc:mainnet", "bc1q")


def test_an_address_nobody_named_waits_the_whole_time() -> None:
    assert CoolingCase().left == TEN_MS


def test_the_wait_runs_from_the_first_naming() -> None:
    one = CoolingCase()
    one.cooling.name("btc:mainnet", "bc1q")
    one.wait(4 * MINUTE)
    one.cooling.name("btc:mainnet", "bc1q")
    assert one.left == 6 * 60_000
    assert one.again().left == 6 * 60_000
    one.wait(6 * MINUTE)
    assert one.left == 0
    assert len(one.recorded) == 1


def test_a_clock_set_forward_ends_no_wait_that_runs() -> None:
    one = CoolingCase()
    one.cooling.name("btc:mainnet", "bc1q")
    one.wait(4 * MINUTE)
    again = one.again()
    for each in (one, again):
        each.now_ns += 300 * MINUTE
        assert each.left == 6 * 60_000
        each.wait(2 * MINUTE)
        assert each.left == 4 * 60_000


def test_the_same_text_on_another_chain_is_another_address() -> None:
    one = CoolingCase()
    one.cooling.name("btc:mainnet", "bc1q")
    one.now_ns += 10 * MINUTE
    assert one.cooling.left_ms("eth:100", "bc1q") == TEN_MS


def test_an_address_that_was_paid_never_waits_again() -> None:
    one = CoolingCase()
    one.cooling.use("btc:mainnet", "bc1q")
    assert one.left == 0
    assert one.again().left == 0


@given(st.lists(st.integers(-60 * MINUTE, 9 * MINUTE), max_size=8))
def test_no_change_of_the_clock_short_of_the_whole_time_ends_the_wait(shifts: list[int]) -> None:
    one = CoolingCase()
    one.cooling.name("btc:mainnet", "bc1q")
    named_ns = one.now_ns
    for shift in shifts:
        one.now_ns = named_ns + shift
        one = one.again()
        assert 0 < one.left <= TEN_MS
