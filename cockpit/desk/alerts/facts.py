"""What the desk knows of itself, read once a second for the alerts: nothing of it is on the path of a quote."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import msgspec

from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.snapshots.deposit_rows import printable
from cockpit.desk.snapshots.health import healths
from cockpit.desk.snapshots.quote_rows import fill_row
from cockpit.model.formatting import exact
from cockpit.model.snapshot import FillRow, InterlockRow, PartHealth, Trading
from storage.writer import HistoryWriter
from venue.bridges.poa.client import Deposit

NEWEST_FILLS = 60


class TransferFact(msgspec.Struct, frozen=True):
    """A deposit or withdrawal: its state, and how it is put into words, which costs more."""

    state: str
    describe: Callable[[], str]


class DeskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """``down``: parts that do not work, with the reason. ``exceptions``: of the quote path since the start.
    ``unmade_texts``: decisions that were recorded without their texts, or not at all.

    ``restarts``: of each worker, ``errors``: its last failure. ``fills``: the newest of ``settled``, oldest first.
    ``rows``: the interlocks by id. ``deposits`` is None before the bridge has listed any.
    """

    armed: bool = False
    trading: Trading = "ACTIVE"
    trading_why: str = ""
    loss_halt: str = ""
    relay_connected: bool = True
    relay_error: str = ""
    history_problem: str = ""
    down: tuple[str, ...] = ()
    exceptions: int = 0
    unmade_texts: int = 0
    restarts: Mapping[str, int] = {}
    errors: Mapping[str, str] = {}
    settled: int = 0
    fills: tuple[FillRow, ...] = ()
    rows: Mapping[str, InterlockRow] = {}
    withdrawals: Mapping[str, TransferFact] = {}
    deposits: Mapping[str, TransferFact] | None = None


def read_facts(
    trading: TradingParts,
    writer: HistoryWriter,
    supervisor: Supervisor,
    interlocks: Iterable[InterlockRow],
    now_ns: int,
    *,
    settled: int,
    others: Iterable[PartHealth] = (),
) -> DeskFacts:
    """``settled``: as many fills are known already. ``others``: parts beside the seven."""
    book, history = trading.book, writer.state()
    count = book.counters["settled"]
    new = min(max(0, count - settled), NEWEST_FILLS, len(book.fills))
    newest = [book.fills[index] for index in range(len(book.fills) - new, len(book.fills))]
    return DeskFacts(
        armed=trading.arming.executor,
        trading=trading.trading_state.state,
        trading_why=trading.trading_state.why,
        loss_halt=trading.trading_state.loss_halt,
        relay_connected=trading.relay.state == "ok",
        relay_error=trading.relay.last_error,
        history_problem=history.error if history.status in ("failing", "overflown") else "",
        down=tuple(
            f"{row.part}: {row.detail or row.last_error}"
            for row in (*healths(trading, writer, supervisor, now_ns), *others)
            if row.state == "down"
        ),
        exceptions=trading.engine.counters["exceptions"],
        unmade_texts=history.undescribed + history.unmade,
        restarts=dict(supervisor.restarts),
        errors=dict(supervisor.errors),
        settled=count,
        fills=tuple(fill_row(trading.tokens, quote, (), now_ns) for quote in newest),
        rows={row.ident: row for row in interlocks},
        withdrawals=_withdrawals(trading),
        deposits=_deposits(trading),
    )


def _withdrawals(trading: TradingParts) -> dict[str, TransferFact]:
    return {
        one.order.withdrawal_id: TransferFact(one.state, partial(_withdrawal_text, one))
        for one in trading.withdrawals.shown()
    }


def _withdrawal_text(one: Withdrawal) -> str:
    asset = one.order.asset
    text = f"withdrawal of {exact(asset.to_decimal(one.order.amount))} {asset.symbol} {one.state}"
    return f"{text}: {one.detail}" if one.detail else text


def _deposits(trading: TradingParts) -> dict[str, TransferFact] | None:
    deposits = trading.deposits.deposits
    if deposits is None:
        return None
    return {
        f"{one.tx_hash}/{one.near_token_id}/{one.amount}": TransferFact(
            one.status, partial(_deposit_text, trading.deposits, one)
        )
        for one in deposits
    }


def _deposit_text(tracker: DepositTracker, one: Deposit) -> str:
    token = tracker.asset(one)
    # What the desk does not know has an amount that it cannot read, either.
    what = f"{exact(token.to_decimal(one.amount))} {token.symbol}" if token is not None else "a token unknown here"
    return f"deposit of {what} on {printable(one.chain)} {printable(one.status).lower()}"
