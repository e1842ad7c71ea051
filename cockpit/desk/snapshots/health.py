"""The health of the seven parts: state, detail, age, last error and counters."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.model.ages import age_ms
from cockpit.model.alerts.state import ALERTS, AlertsState
from cockpit.model.commands import Part
from cockpit.model.formatting import counted
from cockpit.model.snapshot import METRICS, MetricsState, PartHealth, State
from storage.writer import HistoryWriter
from venue.reference.feed import Feed

FALLBACK: Part = "trade-executor"
"""The part that shows what fails in a worker of none."""

PART_OF_WORKER: Mapping[str, Part] = {
    "relay": "near-intents-ingest",
    "inventory": "inventory-sync",
    "liquidity": "liquidity-manager",
    "withdrawals": "liquidity-manager",
    "retention": "history-writer",
    "euro rate": "market-reference-ingest",
}


def healths(
    trading: TradingParts, writer: HistoryWriter, supervisor: Supervisor, now_ns: int
) -> tuple[PartHealth, ...]:
    """Return all seven, from the request to the settlement."""
    parts = (
        _ingest(trading, now_ns),
        _reference(trading, now_ns),
        _inventory(trading, now_ns),
        _liquidity(trading, now_ns),
        _history(writer),
        _strategy(trading, now_ns),
        _executor(trading, now_ns),
    )
    feeds = trading.reference.feeds
    workers: dict[str, Part] = {name: "market-reference-ingest" for one in feeds for name in _workers(one)}
    return tuple(_with_workers(health, supervisor, {**PART_OF_WORKER, **workers}) for health in parts)


def alerts_health(alerts: AlertsState) -> tuple[PartHealth, ...]:
    """Return the row of the alert service; none where no alerts are configured."""
    if not alerts.configured:
        return ()
    counters = {
        "delivered": alerts.delivered,
        "waiting": alerts.pending,
        "undelivered": alerts.undelivered,
        "unacknowledged": alerts.unacknowledged,
    }
    error = "" if alerts.state in ("ok", "starting") else alerts.detail
    return (
        PartHealth(
            part=ALERTS, state=alerts.state, detail=alerts.detail, age_ms=None, last_error=error, counters=counters
        ),
    )


def metrics_health(metrics: MetricsState) -> tuple[PartHealth, ...]:
    """Return the row of the port of the metrics; none where no address is set."""
    if not metrics.address:
        return ()
    detail = metrics.problem or f"served at {metrics.address}"
    return (
        PartHealth(
            part=METRICS, state=metrics.state, detail=detail, age_ms=None, last_error=metrics.problem, counters={}
        ),
    )


def status_worker(feed: Feed) -> str:
    """Name the worker that asks whether the exchange's market trades."""
    return f"{feed.source} status"


def _workers(feed: Feed) -> tuple[str, ...]:
    return feed.source, status_worker(feed)


def _with_workers(health: PartHealth, supervisor: Supervisor, part_of: Mapping[str, str]) -> PartHealth:
    """Show what failed in the part's workers; one that is not running degrades it."""
    failed = {name: why for name, why in supervisor.errors.items() if part_of.get(name, FALLBACK) == health.part}
    if not failed:
        return health
    down = sorted(name for name in failed if name in supervisor.down)
    state: State = "degraded" if down and health.state in ("ok", "starting") else health.state
    workers = (f"{name}: {failed[name]}" for name in down or sorted(failed))
    error = "; ".join(filter(None, (*workers, health.last_error)))
    return msgspec.structs.replace(health, state=state, last_error=error)


def _health(
    part: Part, state: State, detail: str, age: int | None, error: str, counters: Mapping[str, int]
) -> PartHealth:
    return PartHealth(
        part=part, state=state, detail=detail, age_ms=age, last_error=error, counters=dict(sorted(counters.items()))
    )


def _ingest(trading: TradingParts, now_ns: int) -> PartHealth:
    relay, engine = trading.relay, trading.engine
    counters = Counter(relay.counters)
    counters.update(engine.counters)
    detail = {"ok": "both streams acknowledged", "starting": "connecting", "down": "not connected"}[relay.state]
    if relay.filtered:
        detail = f"{detail}; other pairs filtered, not counted"
    detail = "; ".join((detail, *relay.fallbacks))
    error = relay.last_error
    return _health("near-intents-ingest", relay.state, detail, age_ms(now_ns, relay.last_message_ns), error, counters)


def _reference(trading: TradingParts, now_ns: int) -> PartHealth:
    current = trading.reference.current
    feeds = trading.reference.feeds
    counters: Counter[str] = Counter()
    for feed in feeds:
        counters.update({f"{feed.source}_{name}": count for name, count in feed.counters.items()})
    lost = [
        f"{feed.source}: {problem}"
        for feed in feeds
        if (problem := feed.problem or (feed.last_error if feed.state == "down" else ""))
    ]
    state: State = "degraded" if current.usable and lost else "ok" if current.usable else "down"
    if not current.usable and not current.sources and not lost:
        state = "starting"
    agreeing = sum(source.agrees for source in current.sources)
    detail = current.reason or f"{agreeing} of {len(feeds)} sources agree"
    errors = "; ".join(lost)
    return _health("market-reference-ingest", state, detail, age_ms(now_ns, current.at_ns), errors, counters)


def _inventory(trading: TradingParts, now_ns: int) -> PartHealth:
    inventory = trading.inventory
    age = age_ms(now_ns, inventory.ledger.at_ns)
    if inventory.ledger.balance is None:
        state: State = "down" if inventory.last_error else "starting"
        detail = "balances not known"
    elif age is not None and age > trading.limits.current.max_inventory_age_ms:
        state, detail = "down", "balances too old to quote"
    elif inventory.ledger.unexplained:
        state, detail = "degraded", "balances not reconciled"
    elif inventory.last_error:
        state, detail = "degraded", "the last reading failed"
    elif trading.rpc.survey.dissent:
        state, detail = "degraded", "a NEAR RPC endpoint is not believed"
    else:
        state, detail = "ok", "balances reconciled"
    error = "; ".join(filter(None, (inventory.last_error, trading.rpc.survey.dissent)))
    return _health("inventory-sync", state, detail, age, error, inventory.counters)


def _liquidity(trading: TradingParts, now_ns: int) -> PartHealth:
    deposits = trading.deposits
    known = deposits.deposits is not None
    state: State = "degraded" if deposits.last_error and known else "ok" if known else "starting"
    if deposits.last_error and not known:
        state = "down"
    error = deposits.last_error
    pending = deposits.unfinished()
    found = counted(pending, "pending deposit") if pending else "no pending deposits"
    detail = found if known else "no answer from the bridge yet"
    return _health("liquidity-manager", state, detail, age_ms(now_ns, deposits.at_ns), error, deposits.counters)


def history_state(writer: HistoryWriter) -> State:
    """Return the history's state; degraded: all is durable, but some only in the journal, in the refused events, or
    without its texts.
    """
    if not writer.writable:
        return "starting" if writer.state().status == "starting" else "down"
    return "ok" if writer.complete and not writer.state().degraded else "degraded"


def _history(writer: HistoryWriter) -> PartHealth:
    shown = writer.state()
    state: State = history_state(writer)
    counters = {
        "queue": shown.queue,
        "written": shown.written,
        "batches": shown.batches,
        "failures": shown.failures,
        "dropped": shown.dropped,
        "refused": shown.refused,
        "undescribed": shown.undescribed,
        "unmade": shown.unmade,
    }
    degraded = "writing to the journal"
    if writer.complete:
        failed = not shown.refused and (shown.undescribed or shown.unmade)
        degraded = "writing; texts could not be made" if failed else "writing; events were refused"
    detail = {"ok": "writing", "degraded": degraded}.get(state, shown.status)
    error = shown.error or shown.degraded
    return _health("history-writer", state, detail, None, error, counters)


def _strategy(trading: TradingParts, now_ns: int) -> PartHealth:
    engine, arming = trading.engine, trading.arming
    counters = {f"reason_{reason}": count for reason, count in engine.reasons.items()}
    counters["exceptions"] = engine.counters["exceptions"]
    return _health(
        "strategy-engine", "ok", arming.why("strategy-engine"), age_ms(now_ns, engine.last_request_ns), "", counters
    )


def _executor(trading: TradingParts, now_ns: int) -> PartHealth:
    executor, book = trading.executor, trading.book
    counters = Counter(book.counters)
    counters.update(executor.counters)
    state: State = "ok" if trading.credentials.key.registered and executor.salt is not None else "degraded"
    if trading.credentials.key.registered is None and executor.salt is None:
        state = "starting"
    stalled = trading.heartbeat.problem()
    state = "degraded" if stalled and state == "ok" else state
    detail = stalled or trading.arming.why("trade-executor")
    return _health(
        "trade-executor", state, detail, None, executor.last_error or trading.credentials.key.problem, counters
    )
