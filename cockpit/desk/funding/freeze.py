"""The freeze on withdrawals: closed at every start, opened by a person, closed again by itself."""

from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from cockpit.model.recorder import Recorder
from venue.protocol.units import NS_PER_MS, NS_PER_S

OPEN_NS = 600 * NS_PER_S
"""Ten minutes: an opening that nobody used closes."""


class Freeze:
    """Frozen or open. An opening serves one withdrawal or ten minutes, unless ``stay_open`` was configured."""

    def __init__(self, env: Environment, recorder: Recorder, *, stay_open: bool) -> None:
        self._env = env
        self._recorder = recorder
        self._stay_open = stay_open
        self._opened_ns: int | None = None
        self._opened_wall_ns = 0
        self.reason = "frozen at start"

    @property
    def frozen(self) -> bool:
        return self._opened_ns is None or self.left_ms() == 0

    def left_ms(self) -> int | None:
        """Return the milliseconds until an opening closes; None while frozen, or held open by the setting."""
        if self._opened_ns is None or self._stay_open:
            return None
        # The wall clock may be set: the one further on counts.
        passed = max(self._env.monotonic_ns() - self._opened_ns, self._env.wall_ns() - self._opened_wall_ns)
        return max(0, (OPEN_NS - passed) // NS_PER_MS)

    def open(self, actor: str) -> None:
        self._opened_ns, self._opened_wall_ns = self._env.monotonic_ns(), self._env.wall_ns()
        self._record("unfrozen", f"unfrozen by {actor}")

    def close(self, reason: str) -> None:
        self._opened_ns = None
        self._record("frozen", reason)

    def on_used(self) -> None:
        """Close an opening by which a withdrawal was made: it is for one."""
        if self._opened_ns is not None and not self._stay_open:
            self.close("frozen again after one withdrawal")

    def tick(self) -> None:
        """Close an opening whose time is over."""
        if self._opened_ns is not None and self.left_ms() == 0:
            self.close("frozen again after ten minutes")

    def _record(self, status: str, reason: str) -> None:
        self.reason = reason
        self._recorder.record(
            LiquidityAction(
                at_ns=self._env.wall_ns(),
                action_id=self._env.new_id(),
                kind="freeze",
                asset=None,
                amount=None,
                chain=None,
                tx_hash=None,
                status=status,
                detail=reason,
            )
        )
