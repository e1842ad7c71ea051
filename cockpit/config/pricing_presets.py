"""Ways of pricing, each a set of values for settings that are not given."""

from collections.abc import Mapping
from typing import Literal

Preset = Literal["fixed", "option"]
PRICING = "STRATEGY_PRICING"
"""The setting that names the preset."""
PRESETS: Mapping[str, Mapping[str, str]] = {
    "fixed": {
        "STRATEGY_HALF_SPREAD_BPS": "20",
        "STRATEGY_VOL_FACTOR": "0",
        "STRATEGY_MAX_SKEW_BPS": "15",
        "STRATEGY_SKEW_SIGMAS": "0",
        "STRATEGY_MIN_EDGE_BPS": "5",
        "STRATEGY_MAX_PREMIUM_BPS": "0",
    },
    "option": {
        "STRATEGY_HALF_SPREAD_BPS": "5.5",
        "STRATEGY_VOL_FACTOR": "0.30",
        "STRATEGY_MAX_SKEW_BPS": "100",
        "STRATEGY_SKEW_SIGMAS": "3",
        "STRATEGY_MIN_EDGE_BPS": "3",
        "STRATEGY_MAX_PREMIUM_BPS": "12",
    },
}
"""``fixed``: one width, whatever the market does. ``option``: what the taker's right to wait is worth grows with the
life and with the market's volatility, and so does the price."""
DEFAULT: Preset = "option"
"""The preset that the defaults of the settings are."""


def preset_of(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the values of the preset that these settings name; none where they name none, or an unknown one."""
    return PRESETS.get(given.get(PRICING, "").strip(), {})
