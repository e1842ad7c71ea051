"""The heartbeat for an outside watchdog: it calls for help when neither desk nor machine can."""

import asyncio

import httpx

from cockpit.model.environment import Environment

EVERY_S = 60.0
WITHIN_S = 10.0
NS_PER_S = 10**9


class OutsideWatchdog:
    """Gets ``url`` every minute while the desk is healthy, else ``fail_url``, where there is one. Both are secret.

    ``problem``: why the last one was not taken; ``failures``: how many in a row.
    """

    def __init__(self, url: str, fail_url: str, *, env: Environment, every_s: float = EVERY_S) -> None:
        self.problem = ""
        self.failures = 0
        self.sent = 0
        self._url = url
        self._fail_url = fail_url
        self._env = env
        self._every_ns = int(every_s * NS_PER_S)
        self._next_ns: int | None = None
        self._healthy: bool | None = None

    async def step(self, client: httpx.AsyncClient, *, healthy: bool) -> None:
        """Send what is due; at once when health has changed for the worse. Never raises."""
        now = self._env.monotonic_ns()
        worse = self._healthy is True and not healthy
        if self._next_ns is not None and now < self._next_ns and not worse:
            return
        self._next_ns, self._healthy = now + self._every_ns, healthy
        url = self._url if healthy else self._fail_url
        if url:
            await self._get(client, url)

    async def _get(self, client: httpx.AsyncClient, url: str) -> None:
        try:
            async with asyncio.timeout(WITHIN_S), client.stream("GET", url, follow_redirects=False) as answer:
                code = answer.status_code
        except TimeoutError:
            self._failed(f"no answer within {WITHIN_S:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # The error's text may hold the URL.
            self._failed(f"it cannot be reached ({type(error).__name__})")
        else:
            self._failed(f"it answered HTTP {code}") if code >= 300 else self._taken()

    def _failed(self, problem: str) -> None:
        self.problem = problem
        self.failures += 1

    def _taken(self) -> None:
        self.problem = ""
        self.failures = 0
        self.sent += 1
