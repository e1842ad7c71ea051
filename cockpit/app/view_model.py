"""The newest snapshot and its age: the view that everything on the screen is drawn from."""

from collections.abc import Callable

from cockpit.client.desk_client import ConnectionLost
from cockpit.model.formatting import counted
from cockpit.model.snapshot import Snapshot
from panels.kit.view import View


def new_rows(shown: Snapshot, newest: Snapshot) -> str:
    """Return how many decisions, quotes and fills came since a snapshot; empty for none."""
    if shown.run_id != newest.run_id:
        return "another desk's rows"
    before, now = shown.counts, newest.counts
    since = (
        ("decision", now.decisions - before.decisions),
        ("quote", now.sent - before.sent),
        ("fill", now.settled - before.settled),
    )
    return ", ".join(counted(count, f"new {noun}") for noun, count in since if count > 0)


class ViewModel:
    """Keeps the newest snapshot, and the one that frozen panels show. ``clock`` counts seconds.

    ``lost``: why the stream is down. ``start_problem``: why the desk did not start. Both are empty while all is well.
    ``no_desk``: the stream is down because no desk listens.
    """

    def __init__(self, clock: Callable[[], float], *, read_only: bool = False, actor: str = "") -> None:
        self._clock = clock
        self._read_only = read_only
        self._actor = actor
        self._received_s = clock()
        self._frozen: tuple[float, Snapshot] | None = None
        self.newest: Snapshot | None = None
        self.lost = ""
        self.no_desk = False
        self.start_problem = ""

    def take(self, item: Snapshot | ConnectionLost) -> None:
        """Take a snapshot, or that the connection is lost."""
        if isinstance(item, ConnectionLost):
            self.lost, self.no_desk = item.reason, item.no_desk
            return
        previous, self.newest = self.newest, item
        self.lost = self.start_problem = ""
        self.no_desk = False
        if previous is None or (previous.run_id, previous.seq) != (item.run_id, item.seq):
            self._received_s = self._clock()

    def toggle_freeze(self) -> None:
        """Freeze the panels, or unfreeze them."""
        if self._frozen is not None:
            self._frozen = None
        elif self.newest is not None:
            self._frozen = (self._clock(), self.newest)

    @property
    def shown(self) -> Snapshot | None:
        """Return the snapshot that the panels show."""
        return self.newest if self._frozen is None else self._frozen[1]

    @property
    def view(self) -> View:
        """Return what is known right now."""
        now_s = self._clock()
        return View(
            snapshot=self.newest,
            quiet_ms=int(max(0.0, now_s - self._received_s) * 1000),
            link_lost=self.lost,
            no_desk=self.no_desk,
            start_problem=self.start_problem,
            read_only=self._read_only,
            actor=self._actor,
            frozen_ms=None if self._frozen is None else int((now_s - self._frozen[0]) * 1000),
            unseen="" if self._frozen is None or self.newest is None else new_rows(self._frozen[1], self.newest),
        )
