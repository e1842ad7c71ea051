"""A whole desk whose relay, nodes and bridge lie, in any order, beside all that may honestly happen.

No lie makes it sign against a check, pay twice or to somebody else; nothing ends it, its history stays writable, and it
starts again. Once the lies stop, every base unit is explained.
"""

from collections import Counter
from pathlib import Path
from typing import Any, ClassVar, get_args

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from cockpit.model.commands import Route
from storage.set_aside import SUFFIX
from tests.machines.test_desk_machine import DeskMachine, asks, picks
from tests.support.desk.desk_harness import DeskHarness, World
from tests.support.desk.lying_world import CHAIN_ADDRESSES, LyingDesk, LyingWorld, Publish
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.base.fault_values import Node
from venue.sandbox.base.lies import BridgeLie, NearLie, RelayLie, StatusLie

NODES: tuple[Node, ...] = ("near_a", "near_b")
near_lies = st.sampled_from((None, *get_args(NearLie)))
bridge_lies = st.sampled_from((None, *get_args(BridgeLie)))
relay_lies = st.sampled_from((None, *get_args(RelayLie)))
publishes = st.sampled_from(get_args(Publish))
status_lies = st.sampled_from(get_args(StatusLie))
routes: st.SearchStrategy[Route] = st.sampled_from(("transaction", "intent"))
tokens = st.sampled_from((BTC, EURE))


@pytest.fixture(autouse=True)
def read_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time passes while an order waits for an explanation: real time would only make the search long."""
    monkeypatch.setattr("cockpit.desk.funding.preflight_reader.READ_AGAIN_AFTER_S", 0)


class LiarsMachine(DeskMachine):
    """The desk, what is true, and who lies."""

    world: LyingWorld
    desk: LyingDesk
    lies: ClassVar[Counter[str]] = Counter()
    nodes_lied = True

    def __init__(self) -> None:
        super().__init__()
        # The first balances ever recorded are compared with nothing: they are honest here, and on record.
        self.do(self.desk.read())
        self.do(self.desk.write())

    def new_world(self) -> World:
        return LyingWorld()

    def new_harness(self) -> DeskHarness:
        return LyingDesk(self.world)

    def amounts(self, notional: int) -> tuple[int, int]:
        """No two quotes are alike: while nodes lie about nonces, nothing else would tell which of them was settled."""
        eure, btc = super().amounts(notional)
        return eure + self.asked, btc + self.asked % 100

    @rule(node=st.sampled_from(NODES), lie=near_lies, ms=st.sampled_from([0, 1_000, 6_000, 25_000]))
    def a_node_lies(self, node: Node, lie: NearLie | None, ms: int) -> None:
        """One of the two; the other one then tells the truth."""
        self.world.node_lies = {} if lie is None else {node: lie}
        self._told(lie)
        self.time_passes(ms)

    @rule(lie=near_lies, asked=st.lists(asks, min_size=1, max_size=3), then=st.booleans())
    def a_node_lies_once(self, lie: NearLie | None, asked: list[tuple[str, bool, int, str]], then: bool) -> None:
        """For one reading, among quotes."""
        self.trade(asked)
        current = next(one for one in self.desk.trading.rpc.endpoints if one.current)
        node: Node = "near_a" if current.host.endswith("9004") else "near_b"
        self.a_node_lies(node, lie, 0)
        self.read()
        self.world.node_lies = {}
        if then:
            self.read()
        self.trade(asked)

    @rule(lie=bridge_lies, ms=st.sampled_from([0, 1_000, 6_000]))
    def the_bridge_lies(self, lie: BridgeLie | None, ms: int) -> None:
        self.world.bridge_lie = lie
        self._told(lie)
        self.time_passes(ms)

    @rule(lie=relay_lies, publish=publishes)
    def the_relay_lies_to_its_callers(self, lie: RelayLie | None, publish: Publish) -> None:
        self.world.relay_lie, self.world.publish = lie, publish
        self._told(lie)

    @rule(pick=picks, lie=status_lies)
    def the_relay_lies_about_a_settlement(self, pick: int, lie: StatusLie) -> None:
        """Of a quote that is live, refused, settled or expired: this machine never forgets one."""
        made = self._pick(pick, self.world.signed)
        if made is not None:
            self.desk.tell(lie, made)
            self._told(lie)

    @rule(number=st.integers(-5, 10**6), error=st.sampled_from(["insufficient balance or overflow", "OK"]))
    def the_relay_answers_nobody(self, number: int, error: str) -> None:
        outcome = f'"result":"{error}"' if error == "OK" else f'"error":"{error}"'
        self.desk.hear([f'{{"jsonrpc":"2.0","id":{10**6 + number},{outcome}}}'.encode()])

    @rule(asset=tokens, share=st.integers(1, 20), route=routes, ms=st.sampled_from([0, 3_000, 30_000]))
    def withdraw(self, asset: Any, share: int, route: Route, ms: int) -> None:
        """An amount that no other order has, so that what leaves shows whose it is."""
        number = len(self.world.ordered) + 1
        amount = (20_000 if asset is BTC else 2 * 10**18) + share * 1_000 * number + number
        self.world.ordered[amount] = asset
        result = self.do(self.desk.order(asset, amount, route, f"key-{self.world.runs}-{number}"))
        event("withdrawn" if result.accepted else "not withdrawn")
        self.time_passes(ms)

    @rule(asset=tokens, share=st.integers(1, 50), confirm_s=st.sampled_from([0, 5, 20]))
    def deposit(self, asset: Any, share: int, confirm_s: int) -> None:
        number = len(self.world.bridge.deposits)
        amount = (10_000 if asset is BTC else 10**18) + share * 100_000 + number
        self.world.deposit(asset, amount, confirm_s)

    @rule(clean=st.booleans(), lie=near_lies, told=bridge_lies)
    def restart_among_lies(self, clean: bool, lie: NearLie | None, told: BridgeLie | None) -> None:
        self.world.node_lies = {} if lie is None else {"near_a": lie}
        self.world.bridge_lie = told
        self.restart(clean)

    def mend_everything(self) -> None:
        self.world.tell_truth()
        super().mend_everything()

    def _told(self, lie: str | None) -> None:
        if lie is not None:
            LiarsMachine.lies[lie] += 1

    @invariant()
    def what_left_was_ordered_left_once_and_goes_to_its_owner(self) -> None:
        self.world.bridge.advance(self.world.wall())
        left = Counter(one.amount for one in self.world.burns)
        assert all(count == 1 for count in left.values()), "one order left twice"
        assert set(left) <= set(self.world.ordered)
        for burn in self.world.burns:
            asset = self.world.ordered[burn.amount]
            assert burn.token_id == asset.token_id
            assert burn.memo == f"WITHDRAW_TO:{CHAIN_ADDRESSES[asset.chain]}"

    @invariant()
    def the_history_takes_everything(self) -> None:
        assert self.desk.writer.writable or self.desk.history.full
        assert not list(Path(self.world.directory.name).glob(f"*{SUFFIX}")), "something was set aside"

    def teardown(self) -> None:
        try:
            self.mend_everything()
            for _ in range(8):
                self.do(self.desk.pass_ms(6_000))
            if any(made.followed for made in self.desk.trading.withdrawals):
                # Bytes that can never execute are followed until their deadline.
                self.a_long_time_passes(25)
                self.do(self.desk.pass_ms(24_000))
            if any(made.followed for made in self.desk.trading.withdrawals):
                # A false opening balance proves nothing about what was there before; the next one does.
                self.restart(True)
                self.do(self.desk.pass_ms(24_000))
            for made in self.desk.trading.withdrawals:
                assert not made.followed, f"{made.state}: {made.detail}"
        except BaseException:
            self.loop.close()
            raise
        super().teardown()


def play(examples: int, steps: int) -> None:
    DeskMachine.signatures = 0
    LiarsMachine.lies = Counter()
    run_state_machine_as_test(
        LiarsMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    assert DeskMachine.signatures > examples // 4, "hardly anything was signed, so nothing was tested"
    assert len(LiarsMachine.lies) > 5, "hardly a lie was told"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> LiarsMachine:
    """The machine by hand; its events are of searches only."""
    for module in ("test_desk_machine", "test_liars_machine"):
        monkeypatch.setattr(f"tests.machines.{module}.event", lambda value: None)
    return LiarsMachine()


def test_what_left_before_a_start_beside_a_deposit_that_the_bridge_does_not_list_is_found(
    machine: LiarsMachine,
) -> None:
    machine.withdraw(BTC, 6, "intent", 0)
    machine.deposit(EURE, 50, 0)
    machine.the_bridge_lies("truncated", 6_000)
    machine.restart_among_lies(False, None, "other_id")
    machine.a_node_lies("near_b", None, 25_000)
    machine.teardown()


def test_what_left_before_two_starts_with_false_balances_is_found(machine: LiarsMachine) -> None:
    machine.withdraw(EURE, 14, "intent", 30_000)
    machine.restart_among_lies(False, "balances_zero", None)
    machine.restart_among_lies(True, "balances_less", None)
    machine.teardown()


@pytest.mark.parametrize("route", ["transaction", "intent"])
def test_what_never_left_is_known_to_be_there_after_fills_and_a_start(machine: LiarsMachine, route: Route) -> None:
    if route == "intent":
        machine.rotate_the_salt(True)
    machine.withdraw(BTC, 12, route, 0)
    if route == "transaction":
        machine.a_long_time_passes(25)
    machine.mend_everything()
    machine.write()
    machine.trade([("buy", False, 37, "kept")])
    assert machine.world.signed[0].settled
    machine.restart(False)
    machine.teardown()
    assert [one.state for one in machine.desk.trading.withdrawals] == ["expired"]


def test_no_lie_makes_the_desk_sign_or_pay_wrongly() -> None:
    play(10, 16)


@pytest.mark.slow
def test_no_lie_of_ten_thousand_steps_makes_the_desk_sign_or_pay_wrongly() -> None:
    play(250, 40)
