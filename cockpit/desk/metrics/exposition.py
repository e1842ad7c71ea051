"""The text of a scrape, made in slices so that requests are answered in between, by the official client's encoders."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

import msgspec
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from cockpit.desk.metrics.family import MetricFamily
from cockpit.desk.metrics.scrape import MetricSources, Scrape
from cockpit.model.giving_way import give_way

SAMPLES_PER_SLICE = 10
"""Encoded without a pause: some tenths of a millisecond."""
FRESH_S = 0.25
"""A scrape of the same form is answered with the text of another for so long; no scrape is made sooner after one."""
LONGEST_ACCEPT = 512
_EOF = b"# EOF\n"

Encoder = Callable[[Collector], bytes]


class ScrapeText(msgspec.Struct, frozen=True):
    """The text in the form that its content type names."""

    content_type: str
    body: bytes


class _One(Collector):
    """Hands one metric to an encoder."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterator[Metric]:
        yield self._metric


class Exposition:
    """Makes the text, at most one at a time and four a second, however many ask."""

    def __init__(self, sources: MetricSources, families: Sequence[MetricFamily]) -> None:
        self._sources = sources
        self._families = tuple(families)
        self._making = asyncio.Lock()
        self._newest: ScrapeText | None = None
        self._newest_s = float("-inf")

    async def text(self, accept: str) -> ScrapeText:
        """Return the newest text in the form that the header asks for, as the official client chooses it."""
        encoder, content_type = negotiated(accept)
        loop = asyncio.get_running_loop()
        async with self._making:
            left_s = self._newest_s + FRESH_S - loop.time()
            if left_s > 0:
                if self._newest is not None and self._newest.content_type == content_type:
                    return self._newest
                await asyncio.sleep(left_s)
            parts = []
            for part in self.slices(encoder):
                parts.append(part)
                await give_way()
            self._newest = ScrapeText(content_type, b"".join(parts))
            self._newest_s = loop.time()
            return self._newest

    def slices(self, encoder: Encoder) -> Iterator[bytes]:
        """Read and encode the metrics, a few samples a slice."""
        at = Scrape(self._sources)
        ends = False
        for family in self._families:
            metric = family.make(at)
            yield b""
            for part in _encoded(metric, encoder):
                ends = ends or part.endswith(_EOF)
                yield part.removesuffix(_EOF)
        if ends:
            yield _EOF


def negotiated(accept: str) -> tuple[Encoder, str]:
    """Choose the form as the client does; the plain one where it cannot read the header."""
    if len(accept) <= LONGEST_ACCEPT and accept.isascii() and accept.isprintable():
        try:
            encoder, content_type = choose_encoder(accept)
        except (ValueError, TypeError):
            # A version that is no number.
            pass
        else:
            return encoder, content_type
    encoder, content_type = choose_encoder("")
    return encoder, content_type


def _encoded(metric: Metric, encoder: Encoder) -> Iterator[bytes]:
    """Encode one metric, its samples a few at a time; its heading stands before the first ones."""
    samples = metric.samples
    for start in range(0, max(1, len(samples)), SAMPLES_PER_SLICE):
        part = Metric(metric.name, metric.documentation, metric.type, metric.unit)
        part.samples = samples[start : start + SAMPLES_PER_SLICE]
        text = encoder(_One(part))
        yield text if start == 0 else b"".join(line for line in text.splitlines(True) if not line.startswith(b"#"))
