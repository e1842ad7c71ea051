"""What an incident touches: ours, plainly something else, or nobody can tell. Pure.

Sources: the scope types of SHIELD's OpenAPI description; the chain names of 1Click's token list; the only bridge beside
ours that was seen in the feed is ``hot``. SHIELD's own page calls ``chain_all`` "chain and intents": its value is a
chain as well.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from venue.alarms.reading import Incident
from venue.protocol.assets import INTENTS_CONTRACT, Token

Touch = Literal["ours", "others", "unknown"]

NEAR = "near"
CHAIN_NAMES = frozenset(
    (
        "abs",
        "adi",
        "aleo",
        "aptos",
        "arb",
        "avax",
        "base",
        "bch",
        "bera",
        "bsc",
        "btc",
        "cardano",
        "dash",
        "doge",
        "eth",
        "fogo",
        "gnosis",
        "hood",
        "hypercore",
        "ltc",
        "monad",
        "movement",
        "near",
        "op",
        "plasma",
        "pol",
        "scroll",
        "sol",
        "starknet",
        "stellar",
        "sui",
        "ton",
        "tron",
        "xlayer",
        "xrp",
        "zec",
    )
)
"""Every chain of the venue, as SHIELD names it."""
_EVM_NAMES = {
    "1": "eth",
    "10": "op",
    "56": "bsc",
    "100": "gnosis",
    "137": "pol",
    "143": "monad",
    "196": "xlayer",
    "2741": "abs",
    "8453": "base",
    "9745": "plasma",
    "42161": "arb",
    "43114": "avax",
    "80094": "bera",
    "534352": "scroll",
}
_ALIASES = {"bitcoin": "btc", "xdai": "gnosis", "gno": "gnosis", "ethereum": "eth", "solana": "sol"}
BRIDGE_NAMES = frozenset(("poa", "omni", "hot"))
"""Every bridge of the venue."""
BRIDGE_CONTRACTS = ("omft.near", "omni.bridge.near")
_TOKEN_ID = re.compile(r"nep(?:141:[a-z0-9._-]{2,64}|171:[a-z0-9._-]{2,64}:.+|245:[a-z0-9._-]{2,64}:.+)")
_EVM_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_ADDRESS = re.compile(r"[a-z0-9:._-]{10,128}")
_BETWEEN = re.compile(r'[\s,;|@()\[\]{}"]+')


class OurScope(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk depends on, in lower case: names of chains and bridges, token ids and NEAR contracts, addresses.

    ``unnamed``: a chain of ours has no name that SHIELD would use, so that any name may be meant for it.
    """

    chains: frozenset[str]
    bridges: frozenset[str]
    tokens: frozenset[str]
    addresses: frozenset[str]
    unnamed: bool = False

    @staticmethod
    def of(tokens: Iterable[Token], addresses: Iterable[str] = ()) -> "OurScope":
        """Build it from the tokens that are counted and from addresses of ours; NEAR and Intents always belong."""
        tokens = tuple(tokens)
        names = [short_name(token.chain) for token in tokens]
        contracts = [token.near_token for token in tokens]
        # The PoA bridge names a token's contract by its address on the other chain.
        abroad = [found for contract in contracts for found in _EVM_ADDRESS.findall(contract.lower())]
        return OurScope(
            chains=frozenset({NEAR, *(name for name in names if name)}),
            bridges=frozenset(token.bridge for token in tokens),
            tokens=_lower([*contracts, *(token.token_id for token in tokens)]),
            addresses=_lower([INTENTS_CONTRACT, *BRIDGE_CONTRACTS, *contracts, *abroad, *addresses]),
            unnamed=None in names,
        )


def _lower(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text.lower() for text in texts if text)


def short_name(chain: str) -> str | None:
    """Return SHIELD's name of a chain that the bridge calls ``btc:mainnet`` or ``eth:100``; None when it has none."""
    text = chain.strip().lower()
    text = _ALIASES.get(text, text)
    if text in CHAIN_NAMES:
        return text
    family, _, member = text.partition(":")
    if family in ("eth", "eip155"):
        return _EVM_NAMES.get(member)
    family = _ALIASES.get(family, family)
    return family if family in CHAIN_NAMES and member == "mainnet" else None


def touch(incident: Incident, ours: OurScope) -> Touch:
    """Return what the incident touches. Whatever is not plainly something else is not taken for it."""
    kind, value = incident.scope_type.lower(), incident.scope_value.lower()
    if kind == "intents":
        return "ours"
    if kind in ("chain", "chain_all"):
        return _chain(value, ours)
    if kind == "bridge":
        return "ours" if value in ours.bridges else "others" if value in BRIDGE_NAMES else "unknown"
    if kind in ("token", "token_chain"):
        return _token(value, ours)
    if kind == "address":
        if _names_any(value, ours.addresses):
            return "ours"
        return "others" if _ADDRESS.fullmatch(value) else "unknown"
    return "unknown"


def _chain(value: str, ours: OurScope) -> Touch:
    name = short_name(value)
    if name in ours.chains:
        return "ours"
    return "unknown" if name is None or ours.unnamed else "others"


def _token(value: str, ours: OurScope) -> Touch:
    # A value may be a token id alone, or one in JSON or beside its chain.
    if _names_any(value, ours.tokens):
        return "ours"
    parts = [part for part in _BETWEEN.split(value) if part]
    tokens = [part for part in parts if _is_token(part, ours)]
    rest = [part for part in parts if part not in tokens]
    plain = bool(tokens) and all(short_name(part) is not None or part in _LABELS for part in rest)
    return "others" if plain else "unknown"


_LABELS = frozenset((":", "token:", "chain:", "token", "chain", "tokenid", "assetid", "blockchain"))
"""What stands before the values of a token and its chain in JSON."""


def _is_token(part: str, ours: OurScope) -> bool:
    if _TOKEN_ID.fullmatch(part):
        return True
    family, _, rest = part.partition(":")
    chain, _, coin = rest.partition(":")
    # 1Click names coins by their chain, whatever token stands for them: one on a chain of ours may be ours.
    return family == "1cs_v1" and bool(coin) and _chain(chain, ours) == "others"


def _names_any(text: str, names: frozenset[str]) -> bool:
    """Return whether one of the names stands in the text, not as a part of a longer name."""
    return bool(names) and _any_of(names).search(text) is not None


@lru_cache(maxsize=8)
def _any_of(names: frozenset[str]) -> re.Pattern[str]:
    words = "|".join(re.escape(name) for name in sorted(names))
    return re.compile(rf"(?<![a-z0-9._-])(?:{words})(?![a-z0-9_-]|\.[a-z0-9])")
