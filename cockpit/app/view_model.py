"""What was heard of the desk, and since when: the moment that everything on the screen is drawn from."""

from collections.abc import Callable, Mapping

from cockpit.client.desk_client import ConnectionLost
from cockpit.model.commands import Part
from cockpit.model.snapshot import Snapshot
from panels.kit.view import View


def unseen(shown: Snapshot, newest: Snapshot) -> str:
    """What has come since a snapshot, in words: how many decisions, quotes and fills; empty for nothing."""
    if shown.run_id != newest.run_id:
        return "another desk's rows are"
    before, now = shown.counts, newest.counts
    counted = (
        ("decision", now.decisions - before.decisions),
        ("quote", now.sent - before.sent),
        ("fill", now.settled - before.settled),
    )
    return ", ".join(f"{count:,} {word}{'' if count == 1 else 's'}" for word, count in counted if count > 0)


class ViewModel:
    """Keeps the newest snapshot, and the one a frozen view stands still on. ``clock`` counts seconds.

    ``lost`` says why the stream is down and ``start_problem`` why there is no desk; both empty while all is well.
    """

    def __init__(
        self, clock: Callable[[], float], asked: Callable[[], Mapping[Part, str]], *, read_only: bool = False
    ) -> None:
        self._clock = clock
        self._asked = asked
        self._read_only = read_only
        self._heard = clock()
        self._frozen: tuple[float, Snapshot] | None = None
        self.newest: Snapshot | None = None
        self.lost = ""
        self.start_problem = ""

    def take(self, item: Snapshot | ConnectionLost) -> None:
        """The link brought a snapshot, or says that it is down."""
        if isinstance(item, ConnectionLost):
            self.lost = item.reason
            return
        former, self.newest = self.newest, item
        self.lost = self.start_problem = ""
        if former is None or (former.run_id, former.seq) != (item.run_id, item.seq):
            self._heard = self._clock()

    def toggle_freeze(self) -> None:
        """Let the panels stand still, or go on."""
        if self._frozen is not None:
            self._frozen = None
        elif self.newest is not None:
            self._frozen = (self._clock(), self.newest)

    @property
    def shown(self) -> Snapshot | None:
        """The snapshot the panels show."""
        return self.newest if self._frozen is None else self._frozen[1]

    @property
    def view(self) -> View:
        """What is known right now."""
        now = self._clock()
        return View(
            snapshot=self.newest,
            quiet_ms=int(max(0.0, now - self._heard) * 1000),
            link_lost=self.lost,
            asked=self._asked(),
            start_problem=self.start_problem,
            read_only=self._read_only,
            frozen_ms=None if self._frozen is None else int((now - self._frozen[0]) * 1000),
            unseen="" if self._frozen is None or self.newest is None else unseen(self._frozen[1], self.newest),
        )
