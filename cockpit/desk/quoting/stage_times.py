"""How long each stage of the path of a request took, noted only after the answer has left."""

from cockpit.accounting.duration_histogram import REACTION_NS, DurationHistogram


class StageTimes:
    """``read``: from the request's frame until it is decided on; ``decide``, ``sign``, ``send``: those stages.

    ``total``: from frame to frame. What was not quoted has the first two alone.
    """

    def __init__(self) -> None:
        self.read = DurationHistogram(REACTION_NS)
        self.decide = DurationHistogram(REACTION_NS)
        self.sign = DurationHistogram(REACTION_NS)
        self.send = DurationHistogram(REACTION_NS)
        self.total = DurationHistogram(REACTION_NS)
