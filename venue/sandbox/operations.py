"""What can be done to a running venue, by its control endpoint as by a scenario."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from venue.protocol.units import NS_PER_S
from venue.sandbox.alarms import AlarmOrder
from venue.sandbox.assembly import Parts, salt
from venue.sandbox.base.fault_values import DepositRequest, OneTimeFaults
from venue.sandbox.bridges.pace import BridgePace
from venue.sandbox.flow.guests import AccountOrder, Guest, Guests
from venue.sandbox.scenario.asks import Asker, AskOrder
from venue.sandbox.wire.scalars import MAX_U128

PULSE_S = 0.1
"""Pause between two checks of the deposits."""


class Operations:
    """Changes the ``parts`` of one venue. ``drop_connections`` ends the relay's connections, ``reconnect_bitstamp``
    has that exchange ask for a reconnect.
    """

    def __init__(
        self, parts: Parts, *, drop_connections: Callable[[], None], reconnect_bitstamp: Callable[[], None]
    ) -> None:
        self.parts = parts
        self._drop_connections = drop_connections
        self._reconnect_bitstamp = reconnect_bitstamp
        self.asker = Asker(
            relay=parts.relay,
            ledger=parts.ledger,
            seed=parts.config.seed,
            tokens=parts.config.held_tokens,
            wallets=parts.participants.traders,
            clock=parts.clock,
        )
        self.ended = asyncio.Event()
        parts.faults.before_once(self._check)
        self._guests = Guests(parts.config, parts.ledger)
        self._opened = tuple(self.open_account(AccountOrder(account=name)) for name in parts.config.accounts)
        self._rotations = 0

    @property
    def guests(self) -> Sequence[Guest]:
        """The further accounts that the settings open."""
        return self._opened

    def open_account(self, order: AccountOrder) -> Guest:
        """Open the account, or add to it. Raises ValueError and changes nothing for what cannot be opened."""
        return self._guests.open(order)

    def run(self) -> None:
        """Start what the venue does by itself; its traders too, unless the config pauses them."""
        parts, config = self.parts, self.parts.config
        parts.background.spawn(self._pulse(), "sandbox bridges")
        parts.background.spawn(parts.mempool.run(), "sandbox chain")
        parts.background.spawn(parts.traders.follow(), "sandbox traders")
        if config.deposit_after_s is not None and config.deposit_btc > 0:
            parts.background.spawn(self._deposit_later(config.deposit_after_s), "sandbox deposit")
        if not config.start_paused:
            parts.traders.run()

    async def stop(self) -> None:
        self.parts.traders.pause()
        await self.parts.background.stop()

    def apply_faults(self, body: Mapping[str, object]) -> None:
        """Switch faults on, by their names. Raises ValueError and changes nothing for what cannot be."""
        self.trigger(self.parts.faults.apply(dict(body)))

    def trigger(self, once: OneTimeFaults) -> None:
        """Let happen what happens once."""
        parts = self.parts
        if once.relay_drop:
            self._drop_connections()
        if once.rotate_salt is not None:
            self._rotations += 1
            new = salt(parts.config.seed, self._rotations)
            parts.ledger.rotate_salt(new, invalidate_old=once.rotate_salt == "invalidate_old")
        if once.deposit is not None:
            self.deposit(once.deposit)
        if once.gift is not None:
            account = once.gift.account or parts.participants.maker.account
            parts.ledger.mint(account, once.gift.token_id, once.gift.amount)
        if once.bitstamp_reconnect:
            self._reconnect_bitstamp()

    def _check(self, once: OneTimeFaults) -> None:
        """Raise ValueError for money that cannot come."""
        ledger = self.parts.ledger
        if once.gift is not None and ledger.supply(once.gift.token_id) + once.gift.amount > MAX_U128:
            raise ValueError(f"the venue cannot hold so much of {once.gift.token_id}")
        if once.deposit is not None:
            deposit = once.deposit
            self.parts.bridge.check_deposit(
                deposit.token_id, deposit.amount, chain=deposit.chain, sender=deposit.sender, tx_hash=deposit.tx_hash
            )

    def deposit(self, deposit: DepositRequest) -> None:
        """Let the money arrive on its chain; the maker's, unless it names another account."""
        self.parts.bridge.deposit(
            deposit.account or self.parts.participants.maker.account,
            deposit.token_id,
            deposit.amount,
            chain=deposit.chain,
            confirm_after_ns=int(deposit.confirm_after_s * NS_PER_S),
            seen_after_ns=int(deposit.seen_after_s * NS_PER_S),
            sender=deposit.sender,
            tx_hash=deposit.tx_hash,
            fails=deposit.fails,
        )

    def forward(self, by_ns: int) -> int:
        """Put the venue's time forward, with blocks, bridge and deadlines, and return it, UTC nanoseconds.

        The exchanges and the market do not move. Quotes that a maker signs by its own clock may then be too old, and a
        desk that compares its clock with the venue's finds it behind.
        """
        ledger, clock = self.parts.ledger, self.parts.clock
        ledger.advance_block()
        clock.forward(by_ns)
        ledger.advance_block()
        self._advance_bridges()
        return clock()

    def run_traders(self, running: bool) -> None:
        """Let the traders and the market's time run, or pause both."""
        if running:
            self.parts.traders.run()
        else:
            self.parts.traders.pause()

    def change_alarms(self, order: AlarmOrder) -> None:
        """Raise or resolve alarms of the venue. Raises ValueError for what cannot be."""
        self.parts.alarms.carry_out(order)

    def set_bridge_pace(self, pace: BridgePace) -> None:
        """Set how fast both bridges work off the withdrawals that leave from now on."""
        self.parts.bridge.set_pace(pace)
        self.parts.omni.set_pace(pace)

    def ask(self, order: AskOrder) -> None:
        """Start a request for quotes."""
        self.parts.background.spawn(self._ask(order), "ordered request")

    def end(self) -> None:
        """Say that the venue is to end; whoever runs it waits for ``ended``."""
        self.ended.set()

    async def _ask(self, order: AskOrder) -> None:
        await self.asker.ask(order)

    def _advance_bridges(self) -> None:
        now = self.parts.clock()
        self.parts.bridge.advance(now)
        self.parts.omni.advance(now)

    async def _deposit_later(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        config = self.parts.config
        chain = config.credited_token.chain
        self.deposit(DepositRequest(chain=chain, amount=config.deposit_btc, confirm_after_s=config.deposit_confirm_s))

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            self._advance_bridges()
