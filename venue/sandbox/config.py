"""The settings of a sandbox venue."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from venue.protocol.assets import INTENTS_CONTRACT, Token
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, NBTC, TokenTable

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=604_800)]
Pace = Literal["quick", "production"]
_Amount = Annotated[int, msgspec.Meta(ge=0)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class VenueConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one venue; the same seed gives the same requests, prices and rival answers.

    ``rate``: requests a second. ``other_pairs``: their share for other pairs, 0 to 1. ``speed``: market seconds per
    real second. ``prices``: path of a recording to replay instead of the random walk. ``median_eur``: median size.
    ``tokens``: what the venue holds and the markets that traders ask for. ``maker_btc`` and ``maker_eure``: the maker's
    opening balances in base units, that of BTC in the token ``funded``; ``maker_balances``: other ones, by symbol.
    ``credited``: the token that a deposit of BTC becomes. ``legacy_share``: share of the ``legacy`` tokens in the
    requests for our markets; takers only sell these, unless ``legacy_both_ways``. ``dry``: share of price checks in all
    requests, which nobody takes; ``router_legs``: share of legs of a router, whose auctions last 51 ms.
    ``deposit_after_s``: when a deposit
    of ``deposit_btc`` base units shows up, None for never; it is credited ``deposit_confirm_s`` later.
    ``settle_s``: shortest and longest time from publishing to settlement; ``pace`` *production* settles as the real
    venue does instead, with a tail of minutes. ``status_after_s``: for so long after its publication the relay does
    not know the status of an intent. ``flat``: requests in the documented flat envelope. ``port``: first of ten
    consecutive ports, 0 for any free ones. ``index_after_s``, ``send_after_s``, ``complete_after_s``: how long after
    a withdrawal left the Verifier the bridge knows it, has paid it out, and is done. ``confirm_s``: when a deposit is
    final, unless it says otherwise. ``tx_validity_s``: how old the block named by a transaction may be.
    ``key_registered``: whether the Verifier knows the maker's key; ``access``: that key's access to the maker's NEAR
    account. ``contract``: the name of the Verifier.
    ``token_life_s``: the relay's bearer token is a JWT that ends after so long; None: it is a word without an end.
    ``rpc_open``: the relay's RPC answers without a key too. ``bridge_http``: the HTTP status of the bridge's answers.
    ``accounts``: further accounts, each funded as the maker's is and with a key of its own.
    """

    seed: int = 1
    rate: Annotated[float, msgspec.Meta(ge=0, le=10_000)] = 5.0
    other_pairs: _Share = 0.9
    tokens: TokenTable = DEFAULT_TOKENS
    speed: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 1.0
    prices: str | None = None
    start_mid: Decimal = Decimal("80000.00")
    median_eur: float = 60.0
    sigma: float = 1.0
    contract: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9._-]{2,64}$")] = INTENTS_CONTRACT
    maker_account: str = "maker.sandbox.near"
    maker_btc: _Amount = BTC.to_units(Decimal("0.5"))
    maker_eure: _Amount = EURE.to_units(Decimal(15_000))
    maker_balances: dict[str, _Amount] = {}
    funded: str = NBTC.symbol
    credited: str = NBTC.symbol
    legacy: tuple[str, ...] = (BTC.symbol,)
    legacy_share: _Share = 0.2
    legacy_both_ways: bool = False
    dry: _Share = 0.2
    router_legs: _Share = 0.3
    traders: int = 8
    rivals: bool = True
    settle_s: tuple[float, float] = (0.8, 2.0)
    pace: Pace = "quick"
    status_after_s: _Seconds = 0.0
    deposit_after_s: float | None = 10.0
    deposit_confirm_s: float = 15.0
    deposit_btc: _Amount = BTC.to_units(Decimal("0.01"))
    fee_pips: int = 1
    flat: bool = False
    start_paused: bool = False
    port: Annotated[int, msgspec.Meta(ge=0, le=65_526)] = 0
    index_after_s: _Seconds = 2.0
    send_after_s: _Seconds = 6.0
    complete_after_s: _Seconds = 20.0
    confirm_s: _Seconds = 15.0
    tx_validity_s: Annotated[float, msgspec.Meta(gt=0, le=604_800)] = 86_400.0
    key_registered: bool = True
    access: Literal["full", "function_call", "none"] = "full"
    token_life_s: Annotated[float, msgspec.Meta(gt=0, le=315_360_000)] | None = None
    rpc_open: bool = False
    bridge_http: Literal[200, 201] = 200
    accounts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.dry + self.router_legs > 1:
            raise ValueError("dry and router_legs are shares of the same requests: together at most 1")
        for name in (self.funded, self.credited, *self.legacy):
            if self._token(name).underlying != self.tokens.base:
                raise ValueError(f"{name} is not worth {self.tokens.base.name}")
        for name in self.maker_balances:
            self._token(name)

    @property
    def credited_token(self) -> Token:
        return self._token(self.credited)

    @property
    def legacy_tokens(self) -> tuple[Token, ...]:
        return tuple(self._token(name) for name in self.legacy)

    def maker_opening(self) -> dict[str, int]:
        """Return the maker's opening balances in base units, by token id, none of them zero."""
        quote = self.tokens.of(self.tokens.quote)[0]
        amounts = {self._token(self.funded).token_id: self.maker_btc, quote.token_id: self.maker_eure}
        amounts |= {self._token(name).token_id: amount for name, amount in self.maker_balances.items()}
        return {token_id: amount for token_id, amount in amounts.items() if amount}

    def _token(self, symbol: str) -> Token:
        token = self.tokens.by_symbol(symbol)
        if token is None:
            known = ", ".join(one.symbol for one in self.tokens.tokens)
            raise ValueError(f"there is no token {symbol}; known are {known}")
        return token
