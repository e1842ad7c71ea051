"""The desk's state as the rows a cockpit paints. Pure: state and a time in, frozen rows out."""

from collections.abc import Iterable
from decimal import Decimal

from cockpit.accounting.percentiles import percentile
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.market.pricing import Amounts, PriceParams, Prices, edge_bps
from cockpit.desk.market.reference import Reference
from cockpit.desk.quote_book.book import OVER, Quote
from cockpit.desk.quote_book.live_markouts import Marked
from cockpit.desk.quote_book.reservations import Commitment, Reservations
from cockpit.model.ages import age_ms
from cockpit.model.events import OperatorAction, TradeDecision
from cockpit.model.snapshot import (
    DecisionRow,
    DepositAddressRow,
    DepositRow,
    FillRow,
    InventoryRow,
    JournalRow,
    LiveQuotes,
    MarketState,
    QuoteRow,
    Reaction,
    SourceRow,
    WithdrawalRow,
)
from cockpit.model.snapshot import InventoryState as InventoryView
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.assets import Asset, Pair
from venue.protocol.units import NS_PER_MS

_CENT = Decimal("0.01")


def inventory_view(
    pair: Pair,
    inventory: Inventory,
    liquidity: DepositTracker,
    reservations: Reservations,
    params: PriceParams,
    mid: Decimal | None,
    now_ns: int,
) -> InventoryView:
    """Both assets with the proof line's terms, and the share of BTC in the whole value."""
    ledger = inventory.ledger
    balance, opening = ledger.balance, ledger.opening
    share = pair.base_share(balance, mid) if balance is not None and mid is not None else None
    rows = []
    for asset in (pair.base, pair.quote):
        held = None if balance is None else pair.amount(asset, balance)
        reserved = reservations.reserved(asset.token_id)
        value = None
        if held is not None:
            amount = asset.to_decimal(held)
            value = amount if asset is pair.quote else None if mid is None else (amount * mid)
        rows.append(
            InventoryRow(
                symbol=asset.symbol,
                decimals=asset.decimals,
                balance=None if held is None else asset.to_decimal(held),
                reserved=asset.to_decimal(reservations.committed(asset.token_id)),
                spendable=None if held is None else asset.to_decimal(max(0, held - reserved)),
                leaving=asset.to_decimal(reservations.leaving(asset.token_id)),
                withdrawn=asset.to_decimal(pair.amount(asset, ledger.withdrawn)),
                accepted=asset.to_decimal(pair.amount(asset, ledger.accepted)),
                pending_in=asset.to_decimal(liquidity.pending_amount(asset)),
                opening=None if opening is None else asset.to_decimal(pair.amount(asset, opening)),
                filled=asset.to_decimal(pair.amount(asset, ledger.filled)),
                deposited=asset.to_decimal(pair.amount(asset, ledger.deposited)),
                unexplained=None if balance is None else asset.to_decimal(pair.amount(asset, ledger.unexplained)),
                value_eur=None if value is None else value.quantize(_CENT),
            )
        )
    return InventoryView(
        rows=tuple(rows),
        age_ms=age_ms(now_ns, ledger.at_ns),
        block_height=ledger.height or None,
        btc_share=None if share is None else share.quantize(Decimal("0.0001")),
        target_btc_share=params.target_btc_share,
    )


def deposit_rows(liquidity: DepositTracker, now_ns: int, shown: int) -> tuple[DepositRow, ...]:
    """The account's deposits, those still pending first, then newest first."""
    rows = []
    deposits = sorted(liquidity.deposits or (), key=lambda deposit: deposit.status != "PENDING")
    for deposit in deposits[:shown]:
        asset = liquidity.asset(deposit)
        rows.append(
            DepositRow(
                symbol=asset.symbol if asset else deposit.defuse_asset_identifier,
                amount=Decimal(deposit.amount).scaleb(-deposit.decimals),
                status=deposit.status,
                chain=deposit.chain,
                tx_hash=deposit.tx_hash,
                age_ms=age_ms(now_ns, deposit.created_ns) or 0,
            )
        )
    return tuple(rows)


def address_rows(pair: Pair, liquidity: DepositTracker, now_ns: int) -> tuple[DepositAddressRow, ...]:
    """Where to send each asset, once the bridge has told."""
    rows = []
    for asset in (pair.base, pair.quote):
        found, token = liquidity.addresses.get(asset.symbol), liquidity.tokens.get(asset.symbol)
        if found is None:
            continue
        least = token.min_deposit_amount if token is not None else None
        rows.append(
            DepositAddressRow(
                symbol=asset.symbol,
                chain=found.chain,
                address=found.address,
                memo=found.memo,
                minimum=None if least is None else asset.to_decimal(least),
                age_ms=age_ms(now_ns, liquidity.addresses_at_ns),
            )
        )
    return tuple(rows)


def withdrawal_rows(withdrawals: WithdrawalBook, liquidity: DepositTracker, now_ns: int) -> tuple[WithdrawalRow, ...]:
    """The desk's own, newest first, then those that the bridge knows and the desk did not make."""
    shown = withdrawals.shown()
    rows = [_withdrawal_row(withdrawal, now_ns) for withdrawal in shown]
    known = {withdrawal.near_hash for withdrawal in shown}
    rows += [
        _foreign_row(liquidity, found, now_ns) for found in liquidity.withdrawals if (found.tx_hash or "") not in known
    ]
    return tuple(rows)


def _withdrawal_row(withdrawal: Withdrawal, now_ns: int) -> WithdrawalRow:
    order = withdrawal.order
    prepared = withdrawal.prepared
    return WithdrawalRow(
        withdrawal_id=order.withdrawal_id,
        symbol=order.asset.symbol,
        chain=order.asset.chain,
        amount=order.asset.to_decimal(order.amount),
        fee=None if order.fee is None else order.asset.to_decimal(order.fee),
        destination=order.destination,
        route=order.route,
        state=withdrawal.state,
        detail=withdrawal.detail,
        age_ms=max(0, (now_ns - order.requested_ns) // NS_PER_MS),
        near_hash=withdrawal.near_hash or (prepared.hash if prepared is not None else ""),
        destination_hash=withdrawal.destination_hash,
        ours=order.ours,
        steps=tuple((state, max(0, (now_ns - at_ns) // NS_PER_MS)) for state, at_ns in withdrawal.steps),
    )


def _foreign_row(liquidity: DepositTracker, found: BridgeWithdrawal, now_ns: int) -> WithdrawalRow:
    asset = liquidity.asset_of(found.near_token_id)
    places = asset.decimals if asset is not None else found.decimals
    age = age_ms(now_ns, found.created_ns) or 0
    return WithdrawalRow(
        withdrawal_id=f"bridge-{found.tx_hash or found.transfer_tx_hash or found.address}",
        symbol=asset.symbol if asset is not None else found.near_token_id,
        chain=found.chain,
        amount=Decimal(found.amount or 0).scaleb(-places),
        fee=None if found.fee is None else Decimal(found.fee).scaleb(-places),
        destination=found.address,
        route="",
        state=found.status.lower(),
        detail="made elsewhere; the bridge's own word",
        age_ms=age,
        near_hash=found.tx_hash or "",
        destination_hash=found.transfer_tx_hash or "",
        ours=False,
        steps=((found.status.lower(), age),),
    )


def decision_row(pair: Pair, event: TradeDecision, now_ns: int) -> DecisionRow:
    """A decision with the numbers of the check that decided it."""
    edge = None
    if event.amount_in and event.amount_out and event.notional is not None and event.edge is not None:
        edge = edge_bps(event.side, Amounts(event.amount_in, event.amount_out, event.notional, event.edge))
    deciding = next((check.detail for check in event.checks if not check.passed), "every check passed")
    return DecisionRow(
        decision_id=event.decision_id,
        quote_id=event.quote_id,
        age_ms=max(0, (now_ns - event.at_ns) // NS_PER_MS),
        side=event.side,
        notional=None if event.notional is None else pair.quote.to_decimal(event.notional),
        price=event.price,
        edge_bps=edge,
        actionable=event.actionable,
        reason=event.reason,
        detail=deciding,
        checks=tuple((check.name, check.passed, check.detail) for check in event.checks),
    )


def _base_and_quote(pair: Pair, commitment: Commitment) -> tuple[Decimal, Decimal]:
    if commitment.side == "buy":
        return pair.base.to_decimal(commitment.amount_in), pair.quote.to_decimal(commitment.amount_out)
    return pair.base.to_decimal(commitment.amount_out), pair.quote.to_decimal(commitment.amount_in)


def _price(base: Decimal, quote: Decimal) -> Decimal:
    return (quote / base).quantize(_CENT)


def quote_row(pair: Pair, quote: Quote, now_ns: int) -> QuoteRow:
    """A signed quote with the life it has left."""
    commitment = quote.commitment
    gives, takes = pair.asset(commitment.asset_out), pair.asset(commitment.asset_in)
    over = quote.state in OVER
    return QuoteRow(
        quote_hash=commitment.quote_hash,
        quote_id=commitment.quote_id,
        age_ms=max(0, (now_ns - commitment.sent_ns) // NS_PER_MS),
        side=commitment.side,
        gives=gives.to_decimal(commitment.amount_out),
        gives_symbol=gives.symbol,
        takes=takes.to_decimal(commitment.amount_in),
        takes_symbol=takes.symbol,
        price=_price(*_base_and_quote(pair, commitment)),
        left_ms=0 if over else max(0, (commitment.deadline_ns - now_ns) // NS_PER_MS),
        life_ms=(commitment.deadline_ns - commitment.sent_ns) // NS_PER_MS,
        outcome=quote.state,
        detail=quote.detail,
    )


def execution_row(pair: Pair, quote: Quote, marked: Marked, now_ns: int) -> FillRow:
    """A fill, confirmed once the Verifier's balances have shown it, and its markouts."""
    commitment = quote.commitment
    base, paid = _base_and_quote(pair, commitment)
    notional = commitment.amount_out if commitment.side == "buy" else commitment.amount_in
    amounts = Amounts(commitment.amount_in, commitment.amount_out, notional, commitment.edge)
    return FillRow(
        quote_hash=commitment.quote_hash,
        quote_id=commitment.quote_id,
        age_ms=max(0, (now_ns - commitment.sent_ns) // NS_PER_MS),
        side=commitment.side,
        base_amount=base,
        quote_amount=paid,
        price=_price(base, paid),
        edge_bps=edge_bps(commitment.side, amounts),
        confirmed=quote.state == "settled",
        tx_hash=quote.tx_hash or "",
        markouts=marked,
    )


def market_view(reference: Reference, prices: Prices | None, now_ns: int) -> MarketState:
    """The mid, the desk's own prices, every source, and the chart."""
    current = reference.current
    heard = {view.source: view for view in current.sources}
    sources = []
    for feed in reference.feeds:
        view = heard.get(feed.source)
        fresh = view is not None and view.fresh
        sources.append(
            SourceRow(
                source=feed.source,
                bid=view.bid if view else None,
                ask=view.ask if view else None,
                mid=view.mid if view else None,
                age_ms=view.age_ms if view else None,
                divergence_bps=view.divergence_bps if view else None,
                state="ok" if fresh and view is not None and view.agrees else "degraded" if view else feed.state,
                detail=feed.last_error if not fresh else "" if view is None or view.agrees else "disagrees",
            )
        )
    return MarketState(
        mid=reference.mid,
        age_ms=age_ms(now_ns, current.at_ns),
        usable=current.usable,
        detail=current.reason,
        bid=prices.bid if prices else None,
        ask=prices.ask if prices else None,
        skew_bps=prices.skew_bps if prices else None,
        sources=tuple(sources),
        chart=tuple((round((now_ns - at) / 1e9, 1), float(mid)) for at, mid in reference.chart),
    )


def alive_view(pair: Pair, reservations: Reservations, now_ns: int) -> LiveQuotes:
    """What disarming cannot take back: the signed quotes that may still be settled."""
    last = reservations.last_release_ns()

    def total(asset: Asset) -> Decimal:
        return asset.to_decimal(reservations.committed(asset.token_id))

    return LiveQuotes(
        quotes=len(reservations),
        btc=total(pair.base),
        eure=total(pair.quote),
        last_death_ms=max(0, (last - now_ns) // NS_PER_MS) if last else 0,
    )


def journal_row(action: OperatorAction, now_ns: int) -> JournalRow:
    """A command and its outcome."""
    return JournalRow(
        command_id=action.command_id,
        age_ms=age_ms(now_ns, action.at_ns) or 0,
        actor=action.actor,
        command=action.command,
        accepted=action.accepted,
        reason=action.reason,
    )


def reaction_view(samples: Iterable[int]) -> Reaction:
    """Percentiles of the newest reactions, in microseconds."""
    ordered = sorted(samples)
    p50, p99, most = (percentile(ordered, part) for part in (0.5, 0.99, 1.0))
    return Reaction(p50_us=p50, p99_us=p99, max_us=most)
