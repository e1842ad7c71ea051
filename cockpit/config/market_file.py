"""Reads ``markets.toml``: tokens and markets beside the built-in ones, and the names of a stage.

Everything is checked, and every problem named, before any of it counts: the file says where money may go.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from cockpit.config import validators as fields
from cockpit.config.errors import InvalidSettingError
from cockpit.config.markets import Stage
from cockpit.config.toml_row import TomlRow, printable
from venue.protocol.assets import BridgeRoute, Market, Token, Underlying
from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.signing.addresses import BITCOIN_CHAIN, CHAINS

MAX_TOKENS = 32
MAX_MARKETS = 64
OMNI_CHAINS = (BITCOIN_CHAIN,)
"""Chains on which this program lets the Omni bridge pay out."""
SERVICES: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "relay_ws_url": ("NEAR_INTENTS_RELAY_WS_URL", fields.websocket_url),
    "relay_rpc_url": ("NEAR_INTENTS_RELAY_RPC_URL", fields.rpc_url),
    "bridge_url": ("NEAR_INTENTS_BRIDGE_URL", fields.rpc_url),
    "omni_api_url": ("OMNI_API_URL", fields.rpc_url),
    "shield_url": ("NEAR_INTENTS_SHIELD_URL", fields.rpc_url_or_none),
    "status_page_url": ("NEAR_INTENTS_STATUS_PAGE_URL", fields.rpc_url_or_none),
    "near_rpc_url": ("NEAR_RPC_URL", fields.rpc_urls),
}
"""Services of a stage: the key in the file, the setting that overrides it, and its check."""

_SECTIONS = ("tokens", "markets", "stage")
_TOKEN_KEYS = (
    "symbol",
    "token_id",
    "near_token",
    "underlying",
    "decimals",
    "chain",
    "bridge",
    "never_to",
    "places",
)
_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,9}")
_UNDERLYINGS: Mapping[str, Underlying] = {one.name: one for one in (DEFAULT_TOKENS.base, DEFAULT_TOKENS.quote)}


def parse(text: str) -> tuple[TokenTable | None, Stage | None, tuple[str, ...]]:
    """Return the whole table and the stage; None with the problems, a line each, when the file cannot be used."""
    try:
        given = tomllib.loads(text)
    except RecursionError:
        return None, None, ("it is nested too deeply",)
    except ValueError as error:
        return None, None, (f"it is not TOML: {printable(str(error), 200)}",)
    return MarketFile(given).result()


class MarketFile:
    """One file's content, read once; what is wrong with it is in ``problems``."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.problems: list[str] = []
        self._refuse_unknown("", given, _SECTIONS)
        self._stage = self._read_stage(given.get("stage", {}))
        self._tokens = [self._with_stage(token) for token in DEFAULT_TOKENS.tokens]
        for number, row in enumerate(self._rows("tokens", given, MAX_TOKENS), 1):
            self._read_token(TomlRow(f"[[tokens]] {number}", row, self.problems))
        self._markets = dict.fromkeys(((one.base.symbol, one.quote.symbol) for one in DEFAULT_TOKENS.markets), True)
        self._told: set[tuple[str, str]] = set()
        for number, row in enumerate(self._rows("markets", given, MAX_MARKETS), 1):
            self._read_market(TomlRow(f"[[markets]] {number}", row, self.problems))
        if not any(self._markets.values()):
            self.problems.append("no market is left: enable one")

    def result(self) -> tuple[TokenTable | None, Stage | None, tuple[str, ...]]:
        if self.problems:
            return None, None, tuple(dict.fromkeys(self.problems))
        by_symbol = {token.symbol: token for token in self._tokens}
        markets = [
            Market(by_symbol[base], by_symbol[quote]) for (base, quote), enabled in self._markets.items() if enabled
        ]
        table = TokenTable(self._tokens, markets, base=DEFAULT_TOKENS.base, quote=DEFAULT_TOKENS.quote)
        return table, self._stage, ()

    def _rows(self, name: str, given: Mapping[str, Any], most: int) -> Sequence[Mapping[str, Any]]:
        rows = given.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.problems.append(f"{name}: expected sections [[{name}]]")
            return ()
        if len(rows) > most:
            self.problems.append(f"{name}: expected at most {most} sections, found {len(rows)}")
            return ()
        return rows

    def _refuse_unknown(self, where: str, given: Mapping[str, Any], known: Collection[str]) -> None:
        names = ", ".join(known)
        for key in given:
            if key not in known:
                self.problems.append(f"{where}{printable(key)} is not a key of this file; expected {names}")

    def _read_stage(self, given: object) -> Stage:
        if not isinstance(given, dict):
            self.problems.append("stage: expected a section [stage]")
            return Stage()
        row = TomlRow("[stage]", given, self.problems)
        row.refuse_unknown(("contract", "omni_bridge", *SERVICES))
        default = Stage()
        contract = row.text("contract", fields.account_id, default.contract) or default.contract
        omni_bridge = row.text("omni_bridge", fields.account_id, default.omni_bridge) or default.omni_bridge
        if contract == omni_bridge:
            row.problem("omni_bridge", "expected another contract than the Verifier's")
        services = {
            setting: given[key]
            for key, (setting, check) in SERVICES.items()
            if key in given and row.accepts(key, check)
        }
        return Stage(contract=contract, omni_bridge=omni_bridge, services=services)

    def _with_stage(self, token: Token) -> Token:
        return msgspec.structs.replace(token, never_to=self._never_to(token.bridge, token.near_token))

    def _never_to(self, bridge: BridgeRoute, near_token: str) -> str:
        # Each route's receiver is where the other route's money would be lost.
        return self._stage.omni_bridge if bridge == "poa" else near_token

    def _read_token(self, row: TomlRow) -> None:
        row.refuse_unknown(_TOKEN_KEYS)
        symbol = row.text("symbol", _symbol)
        if symbol is None:
            return
        row.where += f" ({symbol})"
        built_in = DEFAULT_TOKENS.by_symbol(symbol)
        if built_in is not None:
            self._place_built_in(built_in, row)
            return
        token = self._new_token(symbol, row)
        if any(other.symbol.lower() == symbol.lower() for other in self._tokens):
            row.problem("symbol", "another token has it, in upper or lower case; choose another")
        if symbol.upper() in _UNDERLYINGS:
            row.problem("symbol", "this is the name of an underlying; choose another")
        if token is None:
            return
        twin = next((other for other in self._tokens if other.near_token == token.near_token), None)
        if twin is not None:
            row.problem("near_token", f"{twin.symbol} is this token already; name each token once")
        else:
            self._tokens.append(token)

    def _place_built_in(self, token: Token, row: TomlRow) -> None:
        others = [key for key in _TOKEN_KEYS if key in row.values and key not in ("symbol", "places")]
        if others:
            row.problem(", ".join(others), f"{token.symbol} is built in: only places may be given; remove the others")
        places = row.whole("places", 0, token.decimals)
        index = next(i for i, other in enumerate(self._tokens) if other.symbol == token.symbol)
        if places is not None:
            self._tokens[index] = msgspec.structs.replace(self._tokens[index], places=places)

    def _new_token(self, symbol: str, row: TomlRow) -> Token | None:
        near_token = row.text("near_token", fields.account_id)
        underlying = row.text("underlying", _underlying)
        decimals = row.whole("decimals", 0, 24 if underlying is None else min(24, underlying.decimals))
        chain = row.text("chain", _chain)
        bridge = row.text("bridge", _bridge)
        if near_token is not None:
            row.text("token_id", _only(f"nep141:{near_token}", "as near_token says"), near_token)
        if bridge == "omni" and chain is not None and chain not in OMNI_CHAINS:
            row.problem("bridge", f"the Omni bridge pays out on {' and '.join(OMNI_CHAINS)} only; expected poa")
        if bridge is not None and near_token is not None:
            never_to = self._never_to(bridge, near_token)
            row.text("never_to", _only(never_to, f"which follows from bridge {bridge}; or leave it out"), never_to)
        places = None if decimals is None else row.whole("places", 0, decimals, default=_places(underlying, decimals))
        if near_token is None or underlying is None or decimals is None:
            return None
        if chain is None or bridge is None or places is None:
            return None
        return Token(
            symbol=symbol,
            token_id=f"nep141:{near_token}",
            decimals=decimals,
            chain=chain,
            near_token=near_token,
            underlying=underlying,
            bridge=bridge,
            never_to=self._never_to(bridge, near_token),
            places=places,
        )

    def _read_market(self, row: TomlRow) -> None:
        row.refuse_unknown(("base", "quote", "enabled"))
        base = self._side(row, "base", DEFAULT_TOKENS.base)
        quote = self._side(row, "quote", DEFAULT_TOKENS.quote)
        enabled = row.values.get("enabled", True)
        if not isinstance(enabled, bool):
            row.problem("enabled", "expected true or false")
        if base is None or quote is None:
            return
        name = base.symbol, quote.symbol
        if name in self._told:
            row.problem("base, quote", f"{'/'.join(name)} is named twice; name each market once")
        self._told.add(name)
        self._markets[name] = enabled is not False

    def _side(self, row: TomlRow, key: str, underlying: Underlying) -> Token | None:
        named = row.text(key, _text)
        if named is None:
            return None
        token = next((one for one in self._tokens if named.lower() in (one.symbol.lower(), one.token_id)), None)
        if token is None:
            row.problem(key, f"there is no token {printable(named)}; expected the symbol of a token")
        elif token.underlying != underlying:
            row.problem(key, f"{token.symbol} is worth {token.underlying.name}; expected a token of {underlying.name}")
            return None
        return token


def _symbol(text: str) -> str:
    if not _SYMBOL.fullmatch(text):
        raise InvalidSettingError("expected 1 to 10 letters, digits and dots, a letter first")
    return text


def _underlying(text: str) -> Underlying:
    if text not in _UNDERLYINGS:
        raise InvalidSettingError(
            f"there is no reference price for {printable(text) or 'it'}; expected {' or '.join(_UNDERLYINGS)}"
        )
    return _UNDERLYINGS[text]


def _chain(text: str) -> str:
    if text not in CHAINS:
        raise InvalidSettingError(
            f"addresses on this chain cannot be checked, so nothing could leave; expected {' or '.join(CHAINS)}"
        )
    return text


def _bridge(text: str) -> BridgeRoute:
    if text == "poa":
        return "poa"
    if text == "omni":
        return "omni"
    raise InvalidSettingError("expected poa or omni")


def _text(text: str) -> str:
    if not text:
        raise InvalidSettingError("expected the symbol of a token")
    return text


def _only(wanted: str, why: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text != wanted:
            raise InvalidSettingError(f"expected {wanted}, {why}")
        return text

    return check


def _places(underlying: Underlying | None, decimals: int) -> int:
    shown = DEFAULT_TOKENS.of(underlying or DEFAULT_TOKENS.base)[0].places
    return min(shown, decimals)
