"""What a public maker is told: an account of the sandbox, its node, the bench's relay, and what to trade."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from venue.protocol.assets import Market

MARGIN_MS = 1_000
"""A quote lives so much longer than it is asked to."""


class MakerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``private_key``: a key that the sandbox made for ``account``; ``life_ms``: how long quotes are asked to live."""

    account: str
    private_key: str
    node_url: str
    relay_url: str
    market: Market
    life_ms: int


class MakerCommand(msgspec.Struct, frozen=True, kw_only=True):
    """How a maker is started; ``environ`` is all of its environment. ``version``: what of it is measured."""

    version: str
    order: tuple[str, ...]
    directory: Path
    environ: Mapping[str, str]
