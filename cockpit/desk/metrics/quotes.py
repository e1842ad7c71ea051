"""Metrics of requests and quotes: what came, what was decided and why, what became of it, and how fast."""

from collections.abc import Iterator
from typing import get_args

from cockpit.accounting.duration_histogram import DurationHistogram
from cockpit.desk.metrics.family import Labelled, MetricFamily, Number, counter, counters, gauges, histograms
from cockpit.desk.metrics.scrape import Scrape
from cockpit.desk.quoting.risk_checks import REASONS
from cockpit.model.events import Outcome

OTHER = "other"
"""Where a count goes whose reason this version does not name: nothing from outside becomes a label."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def _requests(at: Scrape) -> Iterator[tuple[tuple[str, ...], Number]]:
    for one in at.trading.request_counter.markets(at.monotonic_ns):
        yield (one.market.name, "buy"), one.buys
        yield (one.market.name, "sell"), one.sells


def _malformed(at: Scrape) -> Labelled:
    relay, engine = at.trading.relay.counters, at.trading.engine.counters
    kinds = sum(count for name, count in relay.items() if name.startswith("malformed_"))
    feeds = at.trading.reference.feeds
    return [
        (("relay",), kinds + engine["malformed_duplicate"]),
        *(((feed.source,), feed.counters["malformed"]) for feed in feeds),
    ]


def _decisions(at: Scrape) -> Labelled:
    reasons = at.trading.engine.reasons
    others = reasons.total() - sum(reasons[one] for one in REASONS)
    return [*(((one,), reasons[one]) for one in REASONS), ((OTHER,), others)]


def _outcomes(at: Scrape) -> Labelled:
    return [((outcome,), at.trading.book.reached[outcome]) for outcome in OUTCOMES]


def _signed(at: Scrape) -> Labelled:
    book, reservations = at.trading.book, at.trading.book.reservations
    return [
        (("live",), len(reservations)),
        (("refused",), len(reservations.refused)),
        (("settling",), book.settling_count),
        (("past_expiry",), book.past_expiry_count),
    ]


def _stages(at: Scrape) -> list[tuple[tuple[str, ...], DurationHistogram]]:
    times = at.trading.executor.times
    return [
        (("read",), times.read),
        (("decide",), times.decide),
        (("sign",), times.sign),
        (("send",), times.send),
        (("total",), times.total),
    ]


QUOTES: tuple[MetricFamily, ...] = (
    counters(
        "requests_total",
        "Requests for a market of the desk, price checks apart, by the side that the desk would take.",
        ("market", "side"),
        _requests,
    ),
    counter(
        "price_check_requests_total",
        "Requests of which nobody means to trade.",
        lambda at: at.trading.engine.counters["dry_requests"],
    ),
    counter(
        "router_leg_requests_total",
        "Requests for a part of a longer route.",
        lambda at: at.trading.engine.counters["router_legs"],
    ),
    counter(
        "other_pair_requests_total",
        "Requests for other pairs that the relay sent; it filters them unless it is asked not to.",
        lambda at: at.trading.relay.counters["other_pairs"],
    ),
    counters("malformed_messages_total", "Messages that could not be read, or came twice.", ("source",), _malformed),
    counters(
        "decisions_total",
        "Decisions by reason: quote, or the first risk check that failed.",
        ("reason",),
        _decisions,
    ),
    counter(
        "actionable_decisions_total",
        "Decisions of which all but the executor's checks passed.",
        lambda at: at.trading.engine.counters["actionable"],
    ),
    counter("quotes_sent_total", "Quotes signed and sent in this run.", lambda at: at.trading.book.counters["sent"]),
    counter(
        "quotes_not_sent_total",
        "Quotes that passed every check and that signer, reservation or connection refused.",
        lambda at: at.trading.executor.counters["not_sent"],
    ),
    counters(
        "quote_outcomes_total",
        "How often a quote came to an outcome; one quote comes to several.",
        ("outcome",),
        _outcomes,
    ),
    counter(
        "refused_yet_taken_total",
        "Quotes that the relay refused and that were taken all the same.",
        lambda at: at.trading.book.counters["refused_yet_taken"],
    ),
    gauges(
        "signed_quotes", "Quotes that could still settle, by state; settling ones are live too.", ("state",), _signed
    ),
    histograms(
        "reaction_seconds",
        "From the frame of a request to the frame of its quote: read, decide, sign, send, and total.",
        ("stage",),
        _stages,
    ),
    histograms(
        "request_transit_seconds",
        "From the relay's asking to the frame at the desk, by two clocks; of requests that say when they were asked.",
        (),
        lambda at: (((), at.trading.engine.transit),),
    ),
    histograms(
        "quote_to_fill_seconds",
        "From a request to the relay's report of its settlement.",
        (),
        lambda at: (((), at.trading.book.to_fill),),
    ),
    histograms(
        "fill_booking_seconds",
        "From the relay's report of a settlement until the balances showed it.",
        (),
        lambda at: (((), at.trading.book.to_booking),),
    ),
)
