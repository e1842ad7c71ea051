"""How fast the bridges work off a withdrawal."""

from typing import Annotated

import msgspec

from venue.protocol.units import NS_PER_S

Times = tuple[int, int, int]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=604_800)]


class BridgePace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long after a withdrawal left the Verifier its bridge knows it, has paid it out, and is done.

    None: as long as the venue's settings say.
    """

    index_after_s: _Seconds | None = None
    send_after_s: _Seconds | None = None
    complete_after_s: _Seconds | None = None

    def times_ns(self, usual_ns: Times) -> Times:
        """Return the three times in nanoseconds, none before the one it follows."""
        given = (self.index_after_s, self.send_after_s, self.complete_after_s)
        index_ns, send_ns, complete_ns = (
            usual if seconds is None else int(seconds * NS_PER_S)
            for seconds, usual in zip(given, usual_ns, strict=True)
        )
        send_ns = max(index_ns, send_ns)
        return index_ns, send_ns, max(send_ns, complete_ns)
