"""Metrics of health: what is armed, who looks, which interlock holds, how old every source is, and the process."""

import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from cockpit.desk.metrics.family import (
    Labelled,
    MetricFamily,
    Number,
    counter,
    counters,
    gauge,
    gauges,
    info,
    of_client,
    ratio,
    seconds,
    state_set,
)
from cockpit.desk.metrics.scrape import Scrape

RUNGS = ("SAFE", "SHADOW", "LIVE")
TRADING = ("ACTIVE", "REDUCING", "HALTED")
STATES = ("ok", "starting", "degraded", "down")
EFFECTS = ("disarms", "warns", "shown")


@cache
def _version() -> str:
    try:
        return version("near-intents-cockpit")
    except PackageNotFoundError:
        return "unknown"


def _build(at: Scrape) -> Mapping[str, str]:
    run = at.sources.run
    return {"version": _version(), "python": platform.python_version(), "account": run.account, "mode": run.mode}


def _ages(at: Scrape) -> Iterator[tuple[tuple[str, ...], Number]]:
    trading = at.trading
    known = {view.source: view for view in trading.reference.current.sources}
    for feed in trading.reference.feeds:
        view = known.get(feed.source)
        yield (feed.source,), None if view is None else seconds(max(0, view.age_ms))
    rate = None if trading.euro_rate is None else trading.euro_rate.newest
    at_ns: dict[str, int | None] = {
        "reference": trading.reference.current.at_ns,
        "euro_rate": None if rate is None else rate.at_ns,
        "balances": trading.inventory.ledger.at_ns,
        "relay": trading.relay.last_message_ns,
        "requests": trading.engine.last_request_ns,
        "bridge": trading.deposits.at_ns,
        "options": None if trading.option_meter.reading is None else trading.option_meter.reading.at_ns,
        "tick": at.sources.ticked_ns(),
    }
    for source, seen_ns in at_ns.items():
        yield (source,), seconds(at.age_ms(seen_ns))


def _source_up(at: Scrape) -> Labelled:
    trading = at.trading
    known = {view.source: view for view in trading.reference.current.sources}
    for feed in trading.reference.feeds:
        view = known.get(feed.source)
        yield (feed.source,), int(view is not None and view.fresh and view.agrees)
    yield ("relay",), int(trading.relay.state == "ok")


def _source_mids(at: Scrape) -> Labelled:
    return [((view.source,), view.mid) for view in at.trading.reference.current.sources]


def _divergences(at: Scrape) -> Labelled:
    return [((view.source,), ratio(view.divergence_bps)) for view in at.trading.reference.current.sources]


def _reconnects(at: Scrape) -> Labelled:
    feeds = at.trading.reference.feeds
    return [
        *(((feed.source,), feed.counters["reconnects"]) for feed in feeds),
        (("relay",), at.trading.relay.counters["disconnects"]),
    ]


def _alerts(at: Scrape) -> Labelled:
    alerts = at.alerts
    if not alerts.configured:
        return []
    return [
        (("waiting",), alerts.pending),
        (("undelivered",), alerts.undelivered),
        (("unacknowledged",), alerts.unacknowledged),
    ]


def _restarts(at: Scrape) -> Labelled:
    supervisor = at.sources.supervisor
    return [((name,), supervisor.restarts[name]) for name in supervisor.workers]


def _failures(at: Scrape) -> Labelled:
    trading = at.trading
    return [
        (("quote_path",), trading.engine.counters["exceptions"]),
        (("balances",), trading.inventory.counters["failures"]),
        (("bridge",), trading.deposits.counters["failures"]),
        (("history",), at.history.failures),
        (("texts",), at.history.undescribed + at.history.unmade),
        (("refusals",), trading.engine.counters["faults"]),
        (("salt",), trading.engine.counters["invalid_salt"]),
    ]


HEALTH: tuple[MetricFamily, ...] = (
    info("build_info", "Versions, account and mode of the desk.", ("version", "python", "account", "mode"), _build),
    gauge("run_start_time_seconds", "When this run started, Unix time.", lambda at: at.sources.run.started_ns // 10**9),
    state_set("rung", "Rung of arming.", RUNGS, (), lambda at: (((), at.trading.arming.rung),)),
    state_set(
        "trading_state", "Which quotes are made.", TRADING, (), lambda at: (((), at.trading.trading_state.state),)
    ),
    state_set(
        "part_state",
        "State of each part of the desk.",
        STATES,
        ("part",),
        lambda at: [((one.part,), one.state) for one in at.health],
    ),
    gauge(
        "operators",
        "Cockpits whose terminal shows what they are sent.",
        lambda at: at.sources.dead_man.operators.watched,
    ),
    gauge("cockpits", "Cockpits that are attached.", lambda at: len(at.sources.stream)),
    gauge(
        "operator_sign_age_seconds",
        "Since the last key or command; absent before the first.",
        lambda at: seconds(at.sources.dead_man.operators.sign_age_ms()),
    ),
    gauge(
        "alone_left_seconds",
        "Time until the dead man's switch acts because nobody looks; absent while somebody does.",
        lambda at: seconds(at.sources.dead_man.alone_left_ms()),
    ),
    gauges(
        "interlock_passed",
        "1 while an interlock passes.",
        ("interlock", "rung"),
        lambda at: [((row.ident, row.rung), int(row.passed)) for row in at.interlocks],
    ),
    gauges(
        "interlock_warning",
        "1 while an interlock passes and an operator should act.",
        ("interlock",),
        lambda at: [((row.ident,), int(row.warning)) for row in at.interlocks],
    ),
    gauges(
        "interlock_grace_seconds",
        "Time until a failed interlock disarms its rung; absent while it passes.",
        ("interlock",),
        lambda at: [((row.ident,), seconds(row.grace_left_ms)) for row in at.interlocks],
    ),
    gauges(
        "source_age_seconds",
        "Age of what each source said last, by the source's own time where it states one.",
        ("source",),
        _ages,
    ),
    gauges(
        "source_up", "1 while an exchange is fresh and agrees, or the relay is subscribed.", ("source",), _source_up
    ),
    gauges("source_mid_eur", "Last mid of each exchange, EUR for a BTC.", ("source",), _source_mids),
    gauges(
        "source_divergence_ratio", "An exchange's mid over the median; 0.0001 is one bps.", ("source",), _divergences
    ),
    counters("reconnects_total", "Connections that were lost.", ("source",), _reconnects),
    counters(
        "failures_total", "Readings, writes, quotes and recorded texts that failed, by where.", ("what",), _failures
    ),
    counters(
        "worker_restarts_total",
        "Workers that failed or ended and were restarted.",
        ("worker",),
        _restarts,
    ),
    gauge("history_queue_events", "Events that are not durable yet.", lambda at: at.history.queue),
    gauge("history_capacity_events", "Events that fit into that queue.", lambda at: at.history.capacity),
    gauge(
        "history_writable", "1 while what is recorded will be durable soon.", lambda at: int(at.sources.writer.writable)
    ),
    gauge(
        "history_complete",
        "1 while all that was written is in the database; 0 while some is in the journal beside it alone.",
        lambda at: int(at.sources.writer.complete),
    ),
    counter("history_written_events_total", "Events made durable.", lambda at: at.history.written),
    counter("history_dropped_events_total", "Events lost because the queue was full.", lambda at: at.history.dropped),
    counters(
        "commands_total",
        "Commands in the journal, by outcome.",
        ("outcome",),
        lambda at: [
            (("accepted",), at.sources.journal.accepted),
            (("refused",), at.sources.journal.refused),
        ],
    ),
    gauges("alerts", "Alerts that wait, that no target took, or that nobody acknowledged.", ("state",), _alerts),
    gauges(
        "venue_alarms",
        "The venue's own alarms, by what they do to this desk.",
        ("effect",),
        lambda at: [((effect,), sum(row.effect == effect for row in at.alarms.rows)) for effect in EFFECTS],
    ),
    gauge("withdrawals_frozen", "1 while no withdrawal can be made.", lambda at: int(at.sources.funding.freeze.frozen)),
    of_client("process_resident_memory_bytes", "gauge", "Resident memory size in bytes."),
    of_client("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes."),
    of_client("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds."),
    of_client("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds."),
    of_client("process_open_fds", "gauge", "Number of open file descriptors."),
    of_client("process_max_fds", "gauge", "Maximum number of open file descriptors."),
)
