"""The venue's clock: the real one, which a rehearsal can put forward."""

from collections.abc import Callable


class ShiftedClock:
    """UTC nanoseconds by ``base``, plus what it was put forward by; it never goes back."""

    def __init__(self, base: Callable[[], int]) -> None:
        self._base = base
        self.offset_ns = 0

    def __call__(self) -> int:
        return self._base() + self.offset_ns

    def forward(self, by_ns: int) -> None:
        """Put the clock forward; ValueError for a step back."""
        if by_ns < 0:
            raise ValueError("the venue's time only goes forward")
        self.offset_ns += by_ns
