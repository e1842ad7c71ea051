"""The health of the seven parts: a state, a sentence, an age, the last error, and what was counted."""

from collections import Counter
from collections.abc import Mapping

from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.funding.deposits import FINISHED
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.model.ages import age_ms
from cockpit.model.commands import Part
from cockpit.model.snapshot import PartHealth, State
from storage.writer import HistoryWriter


def healths(
    workers: TradingParts, writer: HistoryWriter, supervisor: Supervisor, now_ns: int
) -> tuple[PartHealth, ...]:
    """All seven, in the order of the money's way."""
    return (
        _ingest(workers, supervisor, now_ns),
        _reference(workers, supervisor, now_ns),
        _inventory(workers, supervisor, now_ns),
        _liquidity(workers, supervisor, now_ns),
        _history(writer, supervisor),
        _strategy(workers, now_ns),
        _executor(workers, now_ns),
    )


def _health(
    part: Part, state: State, detail: str, age: int | None, error: str, counters: Mapping[str, int]
) -> PartHealth:
    return PartHealth(
        part=part, state=state, detail=detail, age_ms=age, last_error=error, counters=dict(sorted(counters.items()))
    )


def _ingest(workers: TradingParts, supervisor: Supervisor, now_ns: int) -> PartHealth:
    relay, intake = workers.relay, workers.intake
    counters = Counter(relay.counters)
    counters.update(intake.counters)
    detail = {"ok": "both streams acknowledged", "starting": "connecting", "down": "not connected"}[relay.state]
    error = supervisor.errors.get("relay", "") or relay.last_error
    return _health("near-intents-ingest", relay.state, detail, age_ms(now_ns, relay.last_message_ns), error, counters)


def _reference(workers: TradingParts, supervisor: Supervisor, now_ns: int) -> PartHealth:
    current = workers.reference.current
    feeds = workers.reference.feeds
    counters: Counter[str] = Counter()
    for feed in feeds:
        counters.update({f"{feed.source}_{name}": count for name, count in feed.counters.items()})
    lost = [f"{feed.source}: {feed.last_error}" for feed in feeds if feed.state == "down" and feed.last_error]
    state: State = "degraded" if current.usable and lost else "ok" if current.usable else "down"
    if not current.usable and not current.sources and not lost:
        state = "starting"
    agreeing = sum(source.agrees for source in current.sources)
    detail = current.reason or f"{agreeing} of {len(feeds)} sources agree"
    errors = "; ".join(lost) or supervisor.errors.get("reference", "")
    return _health("market-reference-ingest", state, detail, age_ms(now_ns, current.at_ns), errors, counters)


def _inventory(workers: TradingParts, supervisor: Supervisor, now_ns: int) -> PartHealth:
    inventory = workers.inventory
    age = age_ms(now_ns, inventory.ledger.at_ns)
    if inventory.ledger.balance is None:
        state: State = "down" if inventory.last_error else "starting"
        detail = "the balances are not known"
    elif age is not None and age > workers.limits.current.max_inventory_age_ms:
        state, detail = "down", "the balances are too old to quote on"
    elif inventory.ledger.unexplained:
        state, detail = "degraded", "the balances are not explained"
    elif inventory.last_error:
        state, detail = "degraded", "the last reading failed"
    else:
        state, detail = "ok", "every base unit is explained"
    error = inventory.last_error or supervisor.errors.get("inventory", "")
    return _health("inventory-sync", state, detail, age, error, inventory.counters)


def _liquidity(workers: TradingParts, supervisor: Supervisor, now_ns: int) -> PartHealth:
    liquidity = workers.liquidity
    known = liquidity.deposits is not None
    state: State = "degraded" if liquidity.last_error and known else "ok" if known else "starting"
    if liquidity.last_error and not known:
        state = "down"
    error = liquidity.last_error or supervisor.errors.get("liquidity", "")
    pending = sum(deposit.status not in FINISHED for deposit in liquidity.deposits or ())
    detail = f"{pending} deposits on their way" if known else "the bridge has not answered yet"
    return _health("liquidity-manager", state, detail, age_ms(now_ns, liquidity.at_ns), error, liquidity.counters)


def writing(writer: HistoryWriter) -> State:
    """How the history stands: degraded while all is durable, but not where it belongs."""
    if not writer.writable:
        return "starting" if writer.state().status == "starting" else "down"
    return "ok" if writer.complete else "degraded"


def _history(writer: HistoryWriter, supervisor: Supervisor) -> PartHealth:
    told = writer.state()
    state: State = writing(writer)
    counters = {
        "queue": told.queue,
        "written": told.written,
        "batches": told.batches,
        "failures": told.failures,
        "dropped": told.dropped,
    }
    detail = {"ok": "writing", "degraded": "to the journal"}.get(state, told.status)
    error = told.error or told.degraded or supervisor.errors.get("history", "")
    return _health("history-writer", state, detail, None, error, counters)


def _strategy(workers: TradingParts, now_ns: int) -> PartHealth:
    intake, arming = workers.intake, workers.arming
    counters = {f"reason_{reason}": count for reason, count in intake.reasons.items()}
    counters["exceptions"] = intake.counters["exceptions"]
    return _health(
        "strategy-engine", "ok", arming.why("strategy-engine"), age_ms(now_ns, intake.last_demand_ns), "", counters
    )


def _executor(workers: TradingParts, now_ns: int) -> PartHealth:
    executor, book = workers.executor, workers.book
    counters = Counter(book.counters)
    counters.update(executor.counters)
    state: State = "ok" if workers.key_registered and executor.salt is not None else "degraded"
    if workers.key_registered is None and executor.salt is None:
        state = "starting"
    detail = workers.arming.why("trade-executor")
    return _health("trade-executor", state, detail, None, executor.last_error or workers.key_problem, counters)
