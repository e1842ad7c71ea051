"""Who takes on the sandbox: the kinds of takers, the named mixes of them, and the names of markets and rivals.

Source of the shares: a study by simulation. The true mix of the venue is unknown.
"""

from collections.abc import Mapping
from math import fsum
from typing import Literal, get_args

Kind = Literal["prompt", "patient", "holder", "sweeper", "informed", "probe"]
KINDS: tuple[Kind, ...] = get_args(Kind)
RivalSet = Literal["today", "adaptive", "static"]
Regime = Literal["calm", "normal", "jumpy"]
REGIMES: tuple[Regime, ...] = get_args(Regime)

TODAY = "today"
"""No mix: every taker is prompt, and price checks are probes."""

MEANINGS: Mapping[Kind, str] = {
    "prompt": "takes the best answer at once, when it is near enough to the mid",
    "patient": "waits some seconds first, and leaves when a new quote as wide would be better",
    "holder": "keeps the best answer and takes it 3 s before its deadline, only when it is in the money",
    "sweeper": "does the same with every maker's answer",
    "informed": "knows something of the next 5 to 30 s, asks on that side and takes at once when it pays",
    "probe": "never takes",
}
"""What each kind of taker does with the quotes it was given."""

MIXES: Mapping[str, Mapping[Kind, float]] = {
    "benign": {"prompt": 0.72, "patient": 0.10, "holder": 0.02, "sweeper": 0.01, "informed": 0.03, "probe": 0.12},
    "mixed": {"prompt": 0.50, "patient": 0.15, "holder": 0.05, "sweeper": 0.05, "informed": 0.08, "probe": 0.17},
    "toxic": {"prompt": 0.25, "patient": 0.15, "holder": 0.12, "sweeper": 0.13, "informed": 0.15, "probe": 0.20},
    "probed": {"prompt": 0.18, "patient": 0.06, "holder": 0.02, "sweeper": 0.02, "informed": 0.03, "probe": 0.69},
}
"""Share of each kind in the requests for the markets, by the mix's name."""

_TOLERANCE = 1e-6


def parse_mix(text: str) -> Mapping[Kind, float] | None:
    """Read a mix: its name, or ``kind=share,…`` with a sum of 1; None for ``today``.

    Raises ValueError that names what is wrong and what is allowed.
    """
    if text == TODAY:
        return None
    if text in MIXES:
        return MIXES[text]
    if "=" not in text:
        raise ValueError(f"takers {text!r}: known mixes are {', '.join((TODAY, *MIXES))}; or give kind=share,…")
    shares: dict[Kind, float] = {}
    for part in text.split(","):
        name, _, share = part.strip().partition("=")
        kind = next((one for one in KINDS if one == name.strip()), None)
        if kind is None:
            raise ValueError(f"takers: there is no kind {name.strip()!r}; known are {', '.join(KINDS)}")
        if kind in shares:
            raise ValueError(f"takers: {kind} is given twice")
        shares[kind] = _share(kind, share)
    total = fsum(shares.values())
    if abs(total - 1) > _TOLERANCE:
        raise ValueError(f"takers: the shares add up to {total:.6g}; they must add up to 1")
    return shares


def _share(kind: Kind, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        raise ValueError(f"takers: the share {text!r} of {kind} is not a number") from None
    if not 0 <= share <= 1:  # NaN is neither.
        raise ValueError(f"takers: the share of {kind} is {text.strip()}; it must be from 0 to 1")
    return share
