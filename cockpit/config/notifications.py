"""How a terminal may be told of something, and of what: the values of ``COCKPIT_NOTIFY``."""

from typing import Literal, get_args

Means = Literal["bell", "osc9", "osc777"]
MEANS: tuple[Means, ...] = get_args(Means)
Occasion = Literal["fill", "fault", "disarm"]
OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)
