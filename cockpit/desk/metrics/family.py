"""What one metric is: its name, kind, labels and meaning, and where its values are read."""

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Literal

import msgspec
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)

from cockpit.accounting.duration_histogram import DurationHistogram
from cockpit.desk.metrics.scrape import Scrape

PREFIX = "near_cockpit_"
_NS_PER_S = 1e9
UNITS = ("seconds", "ratio", "eure", "eur", "btc", "tokens", "events", "quotes")
"""Units that OpenMetrics names apart when a name ends with them."""

Number = int | Decimal | None
"""None where it is unknown: it is then left out, never 0."""
Labelled = Iterable[tuple[tuple[str, ...], Number]]
Kind = Literal["gauge", "counter", "histogram", "stateset", "info"]


class MetricFamily(msgspec.Struct, frozen=True, kw_only=True):
    """One metric. ``name`` is what a dashboard asks for, with its prefix; ``make`` reads its values at one moment.

    Whatever becomes a label is of the program or its settings, never a text from a peer.
    """

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    make: Callable[[Scrape], Metric]

    @property
    def sample_names(self) -> tuple[str, ...]:
        """The names under which a scrape has its samples."""
        if self.kind == "histogram":
            return tuple(f"{self.name}{suffix}" for suffix in ("_bucket", "_count", "_sum"))
        return (self.name,)

    @property
    def sample_labels(self) -> tuple[str, ...]:
        """All that its samples may be chosen by."""
        if self.kind == "histogram":
            return (*self.labels, "le")
        return (*self.labels, self.name) if self.kind == "stateset" else self.labels


def gauge(name: str, about: str, read: Callable[[Scrape], Number]) -> MetricFamily:
    return gauges(name, about, (), lambda at: (((), read(at)),))


def counter(name: str, about: str, read: Callable[[Scrape], Number]) -> MetricFamily:
    return counters(name, about, (), lambda at: (((), read(at)),))


def gauges(name: str, about: str, labels: tuple[str, ...], read: Callable[[Scrape], Labelled]) -> MetricFamily:
    full = PREFIX + name

    def make(at: Scrape) -> Metric:
        metric = GaugeMetricFamily(full, about, labels=labels, unit=unit_of(full))
        for values, number in known(read(at)):
            metric.add_metric(values, number)
        return metric

    return MetricFamily(name=full, kind="gauge", about=about, labels=labels, make=make)


def counters(name: str, about: str, labels: tuple[str, ...], read: Callable[[Scrape], Labelled]) -> MetricFamily:
    """Make a counter; its name ends with ``_total``, and what it reads never falls while the process lives."""
    full = PREFIX + name
    stem = full.removesuffix("_total")

    def make(at: Scrape) -> Metric:
        metric = CounterMetricFamily(stem, about, labels=labels, unit=unit_of(stem))
        for values, number in known(read(at)):
            metric.add_metric(values, number)
        return metric

    return MetricFamily(name=full, kind="counter", about=about, labels=labels, make=make)


def histograms(
    name: str,
    about: str,
    labels: tuple[str, ...],
    read: Callable[[Scrape], Iterable[tuple[tuple[str, ...], DurationHistogram]]],
) -> MetricFamily:
    """Make a histogram of seconds."""
    full = PREFIX + name

    def make(at: Scrape) -> Metric:
        metric = HistogramMetricFamily(full, about, labels=labels, unit="seconds")
        for values, one in read(at):
            buckets, below = [], 0
            for bound_ns, count in zip((*one.bounds_ns, None), one.counts, strict=True):
                below += count
                bound = "+Inf" if bound_ns is None else str(bound_ns / _NS_PER_S)
                buckets.append((bound, below))
            metric.add_metric(values, buckets, one.total_ns / _NS_PER_S)
        return metric

    return MetricFamily(name=full, kind="histogram", about=about, labels=labels, make=make)


def state_set(
    name: str,
    about: str,
    states: tuple[str, ...],
    labels: tuple[str, ...],
    read: Callable[[Scrape], Iterable[tuple[tuple[str, ...], str]]],
) -> MetricFamily:
    """Make a set of states of which one is 1: the label that names the state has the name of the metric."""
    full = PREFIX + name

    def make(at: Scrape) -> Metric:
        metric = StateSetMetricFamily(full, about, labels=labels)
        for values, state in read(at):
            metric.add_metric(values, {one: one == state for one in states})
        return metric

    return MetricFamily(name=full, kind="stateset", about=about, labels=labels, make=make)


def info(name: str, about: str, labels: tuple[str, ...], read: Callable[[Scrape], Mapping[str, str]]) -> MetricFamily:
    """Make a metric of value 1 that says things by its labels; its name ends with ``_info``."""
    full = PREFIX + name

    def make(at: Scrape) -> Metric:
        metric = InfoMetricFamily(full.removesuffix("_info"), about)
        metric.add_metric((), dict(read(at)))
        return metric

    return MetricFamily(name=full, kind="info", about=about, labels=labels, make=make)


def of_client(name: str, kind: Kind, about: str) -> MetricFamily:
    """Name a metric that the client's own collector reads of the process."""

    def make(at: Scrape) -> Metric:
        found = at.process.get(name.removesuffix("_total") if kind == "counter" else name)
        return found if found is not None else Metric(name.removesuffix("_total"), about, kind)

    return MetricFamily(name=name, kind=kind, about=about, make=make)


def unit_of(name: str) -> str:
    return next((unit for unit in UNITS if name.endswith(f"_{unit}")), "")


def known(values: Labelled) -> Iterable[tuple[tuple[str, ...], float]]:
    """Leave out what is unknown; amounts become floats here, where a dashboard reads them, and nowhere else."""
    for labels, value in values:
        number = None if value is None else float(value)
        if number is not None and math.isfinite(number):
            yield labels, number


def seconds(ms: int | None) -> Decimal | None:
    return None if ms is None else Decimal(ms) / 1_000


def ratio(bps: Decimal | None) -> Decimal | None:
    return None if bps is None else bps / 10_000
