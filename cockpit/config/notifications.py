"""How a terminal notifies the operator, and of what: values of ``COCKPIT_NOTIFY`` and ``COCKPIT_NOTIFY_ON``."""

from typing import Literal, get_args

Means = Literal["bell", "osc9", "osc777"]
MEANS: tuple[Means, ...] = get_args(Means)
Occasion = Literal["fill", "fault", "disarm"]
OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)
