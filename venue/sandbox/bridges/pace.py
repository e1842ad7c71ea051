"""How fast the bridges work off a withdrawal."""

from typing import Annotated

import msgspec

from venue.protocol.units import NS_PER_S

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=604_800)]


class BridgePace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long after a withdrawal left the Verifier its bridge knows it, has paid it out, and is done."""

    index_after_s: _Seconds = 2.0
    send_after_s: _Seconds = 6.0
    complete_after_s: _Seconds = 20.0

    def times_ns(self) -> tuple[int, int, int]:
        """Return the three times in nanoseconds, none before the one it follows."""
        index_ns = int(self.index_after_s * NS_PER_S)
        send_ns = max(index_ns, int(self.send_after_s * NS_PER_S))
        return index_ns, send_ns, max(send_ns, int(self.complete_after_s * NS_PER_S))
