"""The freeze on withdrawals: closed at every start, opened by a person, closed again by itself."""

from collections.abc import Callable

from cockpit.model.events import LiquidityAction

OPEN_NS = 600 * 10**9
"""Ten minutes: an opening that nobody used closes."""


class Freeze:
    """Frozen or open. An opening serves one withdrawal or ten minutes, unless ``stay_open`` was configured."""

    def __init__(
        self,
        *,
        stay_open: bool,
        record: Callable[[LiquidityAction], None],
        wall_ns: Callable[[], int],
        monotonic_ns: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        self._stay_open = stay_open
        self._record = record
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._new_id = new_id
        self._opened_ns: int | None = None
        self._opened_wall_ns = 0
        self.why = "frozen at start"

    @property
    def frozen(self) -> bool:
        """Whether a withdrawal is refused now."""
        return self._opened_ns is None or self.left_ms() == 0

    def left_ms(self) -> int | None:
        """Milliseconds until an opening closes by itself; None while frozen or held open by the setting."""
        if self._opened_ns is None or self._stay_open:
            return None
        # The monotonic clock stands while the machine sleeps, and the wall clock may be set: the one further on counts.
        passed = max(self._monotonic_ns() - self._opened_ns, self._wall_ns() - self._opened_wall_ns)
        return max(0, (OPEN_NS - passed) // 1_000_000)

    def open(self, actor: str) -> None:
        """Let withdrawals through."""
        self._opened_ns, self._opened_wall_ns = self._monotonic_ns(), self._wall_ns()
        self._note("unfrozen", f"opened by {actor}")

    def close(self, why: str) -> None:
        """Refuse withdrawals again."""
        self._opened_ns = None
        self._note("frozen", why)

    def used(self) -> None:
        """A withdrawal has been sent: an opening is for one."""
        if self._opened_ns is not None and not self._stay_open:
            self.close("frozen again: one withdrawal was sent")

    def tick(self) -> None:
        """Close an opening whose time is over."""
        if self._opened_ns is not None and self.left_ms() == 0:
            self.close("frozen again: ten minutes passed")

    def _note(self, status: str, why: str) -> None:
        self.why = why
        self._record(LiquidityAction(self._wall_ns(), self._new_id(), "freeze", None, None, None, None, status, why))
