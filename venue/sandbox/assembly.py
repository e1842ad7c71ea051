"""Builds a venue's parts: ledger, bridge, relay, traders and their common price."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.alarms import AlarmBoard
from venue.sandbox.base.faults import Faults, FaultTable
from venue.sandbox.base.runtime import Background, ShiftedClock
from venue.sandbox.base.seeding import derive, rng
from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.omni import OmniBridge
from venue.sandbox.config import VenueConfig
from venue.sandbox.contracts.tokens import TokenContracts
from venue.sandbox.flow.changes.price_moves import MovedPath, PriceMove
from venue.sandbox.flow.genesis import Participants, open_accounts
from venue.sandbox.flow.price_path import MarketClock, PricePath, RandomWalk
from venue.sandbox.flow.priced import PricedMarket, PricedMarkets, own_markets, priced_pairs
from venue.sandbox.flow.recordings import BridgedPath, RecordedPath, read_bars
from venue.sandbox.flow.regimes import RegimePath
from venue.sandbox.flow.rival_makers import Rivals
from venue.sandbox.flow.rivals import profiles_of
from venue.sandbox.flow.schedule import RequestFlow, schedule
from venue.sandbox.flow.taken import TakerRegister
from venue.sandbox.flow.takers import TakerTerms
from venue.sandbox.flow.traders import Traders
from venue.sandbox.relay.mempool import Mempool
from venue.sandbox.relay.relay import Relay
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.restrictions import Restrictions
from venue.sandbox.wire.errors import PAUSED

STATES_KEPT = 20
"""Blocks whose state a query may still name: twelve seconds at the usual pace. A real node keeps days."""
BITCOIN_CHAIN = "btc:mainnet"
TRANSFER_PANIC = PAUSED
"""The token contract's panic when ``ft_transfer`` is made to fail."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything behind the endpoints. ``clock`` gives UTC nanoseconds and can be put forward."""

    config: VenueConfig
    clock: ShiftedClock
    background: Background
    alarms: AlarmBoard
    faults: FaultTable
    path: PricePath
    pairs: tuple[PricedMarket, ...]
    market: MarketClock
    ledger: Ledger
    mempool: Mempool
    participants: Participants
    bridge: Bridge
    omni: OmniBridge
    relay: Relay
    rivals: Rivals
    traders: Traders


def salt(seed: int, number: int) -> bytes:
    """Return the Verifier's ``number``-th current salt, 4 bytes; the first is number 0."""
    return derive(seed, "salt", number)[:4]


def price_path(config: VenueConfig) -> PricePath:
    """Return the configured market, by default the seeded random walk; RecordingError for an invalid recording."""
    if config.recording is not None:
        bars = read_bars(Path(config.recording))
        if config.bars == "legs":
            return RecordedPath(bars, config.speed)
        return BridgedPath(bars, config.seed, config.speed)
    if config.regime is not None:
        return RegimePath(config.seed, config.start_mid, config.regime, config.speed)
    return RandomWalk(config.seed, config.start_mid, config.speed)


def request_flow(config: VenueConfig, pairs: tuple[PricedMarket, ...] = ()) -> RequestFlow:
    """Return what the settings say of the requests."""
    mix = config.mix
    takers = None
    if mix is not None:
        takers = TakerTerms(
            mix=mix,
            dry=config.dry_probes,
            alike=config.partners == "alike",
            hold_s=config.hold_s,
            margin_ns=int(config.margin_s * NS_PER_S),
            correlation=config.correlation,
        )
    return RequestFlow(
        rate=config.rate,
        other_pairs=config.other_pairs,
        median_eur=config.median_eur,
        sigma=config.sigma,
        tokens=config.tokens,
        legacy=config.legacy_tokens,
        legacy_share=config.legacy_share,
        legacy_both_ways=config.legacy_both_ways,
        dry=config.dry,
        router_legs=config.router_legs,
        text_deadlines=config.text_deadlines,
        one_sided=config.one_sided,
        long_lives=config.long_lives,
        takers=takers,
        profiles=profiles_of(config.rival_set),
        pairs=pairs,
    )


def assemble(
    config: VenueConfig,
    *,
    clock: Callable[[], int],
    monotonic_ns: Callable[[], int],
    moves: Sequence[PriceMove] = (),
    later: Sequence[tuple[int, VenueConfig]] = (),
) -> Parts:
    """Build a venue; nothing runs yet. Raises RecordingError for an invalid recording.

    ``moves`` of the price come on top of its path; ``later``: the settings of the flow from each market time on.
    """
    seed = config.seed
    shifted = ShiftedClock(clock)
    faults = FaultTable(shifted, config.tokens)
    background = Background()
    path = MovedPath(price_path(config), moves) if moves else price_path(config)
    market = MarketClock(monotonic_ns)
    ledger = Ledger(
        clock=shifted,
        fee_pips=config.fee_pips,
        salt=salt(seed, 0),
        tx_validity_ns=int(config.tx_validity_s * NS_PER_S),
        contract=config.contract,
    )
    ledger.keep_states(STATES_KEPT)
    participants = open_accounts(config, ledger)
    ledger.shut_from_outside = lambda: _restrictions(faults.current, participants.maker.account)
    mempool = Mempool(ledger, config.block_s)
    relay = Relay(
        ledger=ledger,
        mempool=mempool,
        seed=seed,
        clock=shifted,
        offset_ns=market.offset_ns,
        background=background,
        faults=faults,
        settle_s=config.settle_s,
        tokens=config.tokens,
        pace=config.pace,
        status_after_s=config.status_after_s,
        flat=config.flat,
    )
    bridge = Bridge(
        ledger,
        shifted,
        rng=rng(seed, "bridge"),
        tokens=config.tokens,
        credited=config.credited_token,
        faults=faults,
        index_after_ns=int(config.index_after_s * NS_PER_S),
        send_after_ns=int(config.send_after_s * NS_PER_S),
        complete_after_ns=int(config.complete_after_s * NS_PER_S),
        confirm_ns=int(config.confirm_s * NS_PER_S),
    )
    omni = OmniBridge(
        ledger,
        shifted,
        bridge.chains[BITCOIN_CHAIN],
        faults=faults,
        tokens=config.tokens,
        index_after_ns=int(config.index_after_s * NS_PER_S),
        send_after_ns=int(config.send_after_s * NS_PER_S),
        complete_after_ns=int(config.complete_after_s * NS_PER_S),
    )
    contracts = TokenContracts(ledger, config.held_tokens)
    ledger.refuse_transfer = lambda burn: (
        TRANSFER_PANIC if faults.count_down("ft_transfer_fails") else contracts.refusal(burn) or omni.refusal(burn)
    )
    ledger.deliver = contracts.deliver
    pairs = priced_pairs(config.pair_terms, seed, config.speed)
    priced = PricedMarkets((*own_markets(config.tokens, path), *pairs))
    rivals = Rivals(
        relay=relay,
        ledger=ledger,
        seed=seed,
        markets=priced,
        profiles=profiles_of(config.rival_set),
        wallets=participants.rivals,
        clock=shifted,
    )
    if config.rivals:
        relay.on_open(rivals.watch)
    traders = Traders(
        relay=relay,
        ledger=ledger,
        seed=seed,
        requests=schedule(
            seed,
            request_flow(config, pairs),
            path,
            config.traders,
            later=[(from_ns, request_flow(changed, pairs)) for from_ns, changed in later],
        ),
        wallets=participants.traders,
        markets=priced,
        register=TakerRegister(config.takers, config.speed),
        market=market,
        clock=shifted,
        background=background,
    )
    return Parts(
        config=config,
        clock=shifted,
        background=background,
        alarms=AlarmBoard(shifted),
        faults=faults,
        path=path,
        pairs=pairs,
        market=market,
        ledger=ledger,
        mempool=mempool,
        participants=participants,
        bridge=bridge,
        omni=omni,
        relay=relay,
        rivals=rivals,
        traders=traders,
    )


def _restrictions(faults: Faults, maker: str) -> Restrictions:
    return Restrictions(
        paused=frozenset(faults.paused),
        locked=frozenset({maker} if faults.account_locked else ()),
        no_predecessor=frozenset({maker} if faults.no_predecessor else ()),
    )
