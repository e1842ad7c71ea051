"""Where the metrics are served: on the desk's sockets, and on a port of this machine when one is set."""

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cockpit.config.loopback_address import LoopbackAddress
from cockpit.desk.metrics.catalogue import FAMILIES
from cockpit.desk.metrics.exposition import Exposition
from cockpit.desk.metrics.port import MetricsPort
from cockpit.desk.metrics.scrape import MetricSources
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.model.snapshot import MetricsState

WORKER = "metrics port"


class Metrics:
    """The metrics of one desk. ``address``: where they are served beside the sockets, None for nowhere."""

    def __init__(self, address: LoopbackAddress | None, sources: MetricSources) -> None:
        self._exposition = Exposition(sources, FAMILIES)
        self._port = None if address is None else MetricsPort(address, self._exposition.text)

    @property
    def state(self) -> MetricsState:
        return MetricsState() if self._port is None else self._port.state

    def routes(self) -> list[BaseRoute]:
        return [Route("/metrics", self._get)]

    def start(self, supervisor: Supervisor) -> None:
        if self._port is not None:
            supervisor.start(WORKER, self._port.run)

    async def _get(self, http: HttpRequest) -> Response:
        text = await self._exposition.text(http.headers.get("accept", ""))
        return Response(text.body, headers={"Content-Type": text.content_type})
