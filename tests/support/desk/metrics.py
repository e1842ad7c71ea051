"""The metrics of a desk without sockets, and what the official parsers read of them."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import openmetrics, parser
from prometheus_client.core import Metric
from prometheus_client.openmetrics import parser as open_parser

from cockpit.desk.metrics.catalogue import FAMILIES
from cockpit.desk.metrics.exposition import Exposition, negotiated
from cockpit.desk.metrics.scrape import MetricSources
from cockpit.model.alerts.state import AlertsState
from cockpit.model.environment import Environment
from tests.support.desk.desk_harness import DeskHarness

OPEN_METRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
"""What a Prometheus of today asks for, in short."""
Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]
"""By name and sorted labels."""


def sources(desk: DeskHarness) -> MetricSources:
    world, shots = desk.world, desk.snapshots
    return MetricSources(
        run=desk.run,
        env=Environment(wall_ns=world.wall, monotonic_ns=world.monotonic),
        trading=desk.trading,
        funding=desk.funding,
        writer=desk.writer,
        supervisor=shots._supervisor,
        journal=desk.journal,
        stream=shots._stream,
        dead_man=shots._dead_man,
        interlocks=desk.interlocks.rows,
        alarms=shots._alarms,
        alerts=AlertsState,
        ticked_ns=lambda: shots.ticked_ns,
    )


def exposition(desk: DeskHarness) -> Exposition:
    return Exposition(sources(desk), FAMILIES)


def scraped(desk: DeskHarness, accept: str = "") -> bytes:
    """Scrape without a pause."""
    encoder, _ = negotiated(accept)
    return b"".join(exposition(desk).slices(encoder))


def parsed(text: str, content_type: str) -> list[Metric]:
    """Read a scrape by the official parser of its form, which is strict for OpenMetrics."""
    if content_type.startswith("application/openmetrics-text"):
        read: Callable[[str], Iterable[Metric]] = open_parser.text_string_to_metric_families
        return list(read(text))
    return list(parser.text_string_to_metric_families(text))


def samples_of(families: Iterable[Metric]) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def samples(desk: DeskHarness) -> Samples:
    return samples_of(parsed(scraped(desk, OPEN_METRICS).decode(), openmetrics.exposition.CONTENT_TYPE_LATEST))
