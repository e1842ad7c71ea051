"""An address never used before waits; neither a restart nor a clock that is set shortens the wait."""

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

    def __init__(
        self, recorded: list[LiquidityAction] | None = None, now_ns: int = 10**18, *, clock_right: bool = True
    ) -> None:
        self.now_ns = now_ns
        self.clock_right = clock_right
        self.monotonic_ns = 0
        self.recorded: list[LiquidityAction] = [] if recorded is None else recorded
        env = Environment(wall_ns=lambda: self.now_ns, monotonic_ns=lambda: self.monotonic_ns)
        recorder = MemoryRecorder(self.recorded)
        self.cooling = CoolingOff(env, recorder, cooling_ms=TEN_MS, clock_right=lambda: self.clock_right)
        self.cooling.load(tuple(self.recorded))

    def again(self, *, clock_right: bool = True) -> "CoolingCase":
        return CoolingCase(self.recorded, self.now_ns, clock_right=clock_right)

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
    one.now_ns += 300 * MINUTE
    one.clock_right = False
    assert one.left == 6 * 60_000
    one.wait(2 * MINUTE)
    assert one.left == 4 * 60_000


def test_a_clock_set_forward_and_a_restart_end_no_wait() -> None:
    one = CoolingCase()
    one.cooling.name("btc:mainnet", "bc1q")
    one.wait(4 * MINUTE)
    one.now_ns += 300 * MINUTE
    again = one.again(clock_right=False)
    assert again.left == TEN_MS
    again.wait(2 * MINUTE)
    assert again.left == 8 * 60_000
    again.now_ns -= 300 * MINUTE
    again.clock_right = True
    assert again.left == 4 * 60_000


def test_a_naming_by_a_clock_set_back_counts_from_when_the_clock_was_right() -> None:
    one = CoolingCase(clock_right=False)
    one.now_ns -= 300 * MINUTE
    one.cooling.name("btc:mainnet", "bc1q")
    one.wait(1 * MINUTE)
    one.now_ns += 300 * MINUTE
    assert one.again().left == TEN_MS
    one.clock_right = True
    one.cooling.tick()
    one.cooling.tick()
    assert one.left == one.again().left == 9 * 60_000
    assert len(one.recorded) == 2


def test_an_address_that_was_not_used_within_a_day_must_be_named_again() -> None:
    one = CoolingCase()
    assert one.cooling.name("btc:mainnet", "bc1q")
    one.wait(24 * 60 * MINUTE)
    assert one.left == one.again().left == 0
    one.wait(11 * MINUTE)
    assert one.left == one.again().left == TEN_MS
    assert one.cooling.name("btc:mainnet", "bc1q")
    one.wait(10 * MINUTE)
    assert one.left == one.again().left == 0


def test_a_configured_address_does_not_lapse() -> None:
    one = CoolingCase()
    one.cooling.name("btc:mainnet", "bc1q", configured=True)
    one.wait(50 * 60 * MINUTE)
    assert one.left == 0
    again = one.again()
    assert not again.cooling.name("btc:mainnet", "bc1q", configured=True)
    assert again.left == 0


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
