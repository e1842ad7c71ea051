"""When a cockpit collects its garbage: in short passes, while no key waits."""

import gc

from panels.kit.textual_internals import forget_drawn

YOUNGEST, YOUNG, ALL = 0, 1, 2
"""Generations of the garbage collector."""
YOUNG_MOST = 12_000
"""Objects, about those of one dialog."""
YOUNG_BESIDE_A_DIALOG = 40_000
"""Where keys leave no rest between two dialogs."""
SETTLED = 5
"""Looks in a row that found nothing to do: what has just closed is let go by then."""
LONG_REST = 100
"""Such looks until a pass over everything takes nobody's time."""
LATE_PASSES = 12
"""Short passes without a rest, until what they left is looked at anyway."""
PASSES, MOST_PASSES = 8, 48
"""Over young objects, before everything is collected: after a long rest, and in any case."""


class IdleGarbage:
    """Collects what closed dialogs left before an opening has to.

    What outlives a pass counts as older, and looking at everything old takes longer than a key may wait. So right after
    a dialog only the newest objects are looked at, what outlived that once nothing was to be done for a while, and
    everything after a long rest, or when there was none for too long.
    """

    def __init__(self) -> None:
        self._passes = 0

    def collect(self, looks: int) -> None:
        """Collect if it is worth it; called while no key waits. ``looks``: in a row without a dialog, too."""
        newest, short_passes, _ = gc.get_count()
        settled = looks >= SETTLED
        if looks == SETTLED:
            forget_drawn()
        if settled and self._passes >= (PASSES if looks >= LONG_REST else MOST_PASSES):
            self._passes = 0
            self._pass(ALL)
        elif (settled and (newest > YOUNG_MOST or short_passes)) or short_passes >= LATE_PASSES:
            self._passes += 1
            self._pass(YOUNG)
        elif newest > (YOUNG_MOST if looks else YOUNG_BESIDE_A_DIALOG):
            self._pass(YOUNGEST)

    def _pass(self, generation: int) -> None:
        forget_drawn()
        gc.collect(generation)
