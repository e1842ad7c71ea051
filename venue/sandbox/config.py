"""The settings of a sandbox venue."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from venue.protocol.assets import INTENTS_CONTRACT, Token
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, NBTC, TokenTable
from venue.sandbox.base.described import about
from venue.sandbox.mixes import REGIMES, TODAY, Kind, Regime, RivalSet, parse_mix
from venue.sandbox.pairs import PairTerms, find_pairs, tokens_of

_Amount = Annotated[int, about("", "base units", values="0 to 2^128 - 1", ge=0)]
_Seconds = Annotated[float, about("", "s", ge=0, le=604_800)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Pace = Literal["quick", "production"]

PAIR_OPENING_EUR = Decimal(15_000)
"""The worth of each token of a pair that a maker starts with."""
ONLY_AT_SPEED_1 = (
    "{what} needs --speed 1: quotes live and settle in real seconds, so a faster market would give every option away"
)


class VenueConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one venue; the same seed gives the same requests, prices and rival answers.

    Raises ValueError for settings that do not fit each other.
    """

    seed: Annotated[int, about("The run; the same seed gives the same run.", ge=0, le=2**63 - 1)] = 1
    rate: Annotated[float, about("Requests, all pairs together.", "per second", ge=0, le=10_000)] = 5.0
    other_pairs: Annotated[_Share, about("Share of requests for other pairs.")] = 0.9
    tokens: Annotated[
        TokenTable,
        about("What the venue holds, and the markets that traders ask for.", values="a file by `--markets`"),
    ] = DEFAULT_TOKENS
    speed: Annotated[float, about("How fast the market moves.", "market seconds per second", gt=0, le=100_000)] = 1.0
    prices: Annotated[str | None, about("A recording to replay instead of the random walk.", values="path or none")] = (
        None
    )
    start_mid: Annotated[
        Decimal, about("The first mid price of the random walk.", "EUR per BTC", values="above 0 to 1,000,000,000")
    ] = Decimal("80000.00")
    median_eur: Annotated[float, about("The median size of a request.", "EUR", gt=0, le=1_000_000_000)] = 60.0
    sigma: Annotated[float, about("How far sizes are spread, of their logarithm.", ge=0, le=5)] = 1.0
    contract: Annotated[
        str,
        about("The name of the Verifier.", values="2 to 64 of `a-z0-9._-`", pattern=r"^[a-z0-9._-]{2,64}$"),
    ] = INTENTS_CONTRACT
    maker_account: Annotated[
        str, about("The maker's account.", values="2 to 64 of `a-z0-9._-`", pattern=r"^[a-z0-9._-]{2,64}$")
    ] = "maker.sandbox.near"
    maker_btc: Annotated[_Amount, about("The maker's opening balance in the token `funded`.")] = BTC.to_units(
        Decimal("0.5")
    )
    maker_eure: Annotated[_Amount, about("The maker's opening balance in the quote token.")] = EURE.to_units(
        Decimal(15_000)
    )
    maker_balances: Annotated[
        dict[str, _Amount],
        about(
            "Other opening balances, by symbol.", "base units", values='JSON such as {"BTC": 20000000}: 0 to 2^128 - 1'
        ),
    ] = {}
    funded: Annotated[str, about("The kind of BTC that the maker holds.", values="symbol")] = NBTC.symbol
    credited: Annotated[str, about("The kind of BTC that a deposit becomes.", values="symbol")] = NBTC.symbol
    legacy: Annotated[
        tuple[str, ...], about("The kinds of BTC that takers only sell.", values="symbols, such as BTC,xBTC")
    ] = (BTC.symbol,)
    legacy_share: Annotated[_Share, about("Share of the legacy tokens in the requests for our markets.")] = 0.2
    legacy_both_ways: Annotated[bool, about("Whether takers buy the legacy tokens too.")] = False
    dry: Annotated[_Share, about("Share of price checks in all requests, which nobody takes.")] = 0.2
    router_legs: Annotated[_Share, about("Share of a router's legs, whose auctions last 51 ms.")] = 0.3
    text_deadlines: Annotated[
        _Share, about("Share of the requests that write `min_deadline_ms` as text, which some solvers cannot read.")
    ] = 0.2
    takers: Annotated[str, about("Who takes.", values="today, benign, mixed, toxic, probed, or kind=share,…")] = TODAY
    dry_probes: Annotated[
        _Share, about("Instead of `dry`, with other `takers` than today's: share of the probes that say they are one.")
    ] = 0.5
    hold_s: Annotated[float, about("How long a patient taker waits on average.", "s", gt=0, le=3_600)] = 12.0
    margin_s: Annotated[
        float, about("How long before a quote's deadline a holder or sweeper decides.", "s", ge=0, le=3_600)
    ] = 3.0
    correlation: Annotated[_Share, about("Of an informed taker's signal with the move that it foretells.")] = 0.6
    partners: Annotated[
        Literal["differ", "alike"], about("Whether each kind of taker asks through partners of its own.")
    ] = "differ"
    one_sided: Annotated[_Share, about("Share of the requests for the markets that sell BTC.")] = 0.5
    long_lives: Annotated[
        _Share, about("Share of the requests for an exact amount out that ask for a lifetime of 5 to 20 minutes.")
    ] = 0.0
    market: Annotated[
        str | None,
        about("Another market than the usual random walk.", values="calm, normal, jumpy, a path of bars, or none"),
    ] = None
    bars: Annotated[
        Literal["bridge", "legs"], about("How a recording is walked inside a bar: at random, or in three legs.")
    ] = "bridge"
    pairs: Annotated[
        tuple[str, ...],
        about(
            "What the requests for other pairs are for, each with a price, rivals and takers who hold its tokens.",
            values="names, such as wNEAR/USDT,USDC/EURe",
        ),
    ] = ()
    traders: Annotated[int, about("How many traders ask and settle.", ge=1, le=1_000)] = 8
    rivals: Annotated[bool, about("Whether other makers quote too.")] = True
    rival_set: Annotated[
        RivalSet, about("Which: three, a fourth that follows the volatility, or three of constant width.")
    ] = "today"
    settle_s: Annotated[
        tuple[_Seconds, _Seconds],
        about("Shortest and longest time from publishing to settlement.", "s", values="two of 0 to 604,800"),
    ] = (0.8, 2.0)
    pace: Annotated[
        Pace, about("`production` settles as the real venue does, with a tail of minutes, whatever `settle_s` says.")
    ] = "quick"
    status_after_s: Annotated[
        _Seconds, about("For so long after its publication the relay does not know the status of an intent.")
    ] = 0.0
    deposit_after_s: Annotated[
        _Seconds | None, about("When the maker's first deposit shows up.", "s", values="0 to 604,800 or none")
    ] = 10.0
    deposit_confirm_s: Annotated[_Seconds, about("How long after that it is credited.")] = 15.0
    deposit_btc: Annotated[_Amount, about("How much that deposit is; 0 for none.")] = BTC.to_units(Decimal("0.01"))
    fee_pips: Annotated[int, about("The Verifier's fee.", "millionths", ge=0, le=1_000_000)] = 1
    flat: Annotated[bool, about("Whether requests come in the documented flat envelope.")] = False
    start_paused: Annotated[bool, about("Whether the traders wait for `POST /traders`.")] = False
    port: Annotated[
        int, about("First of ten consecutive ports; 0 for any free ones.", values="0, or 1 to 65,526", ge=0, le=65_526)
    ] = 0
    host: Annotated[
        str,
        about(
            "Where the venue listens; beyond loopback anybody who reaches it controls it.",
            values="address or name of this machine, 0.0.0.0 for all",
            pattern=r"^[A-Za-z0-9._:%-]{1,253}$",
        ),
    ] = "127.0.0.1"
    tls: Annotated[bool, about("Whether it serves https and wss alone, with a certificate made at the start.")] = False
    tls_cert: Annotated[str | None, about("The certificate to serve instead, in PEM.", values="path or none")] = None
    tls_key: Annotated[str | None, about("Its private key, in PEM without a password.", values="path or none")] = None
    index_after_s: Annotated[_Seconds, about("When the bridge knows a withdrawal that left the Verifier.")] = 2.0
    send_after_s: Annotated[_Seconds, about("When it has paid that out.")] = 6.0
    complete_after_s: Annotated[_Seconds, about("When it is done with it.")] = 20.0
    confirm_s: Annotated[_Seconds, about("When a deposit is final, unless it says otherwise.")] = 15.0
    tx_validity_s: Annotated[
        float, about("How old the block may be that a transaction names.", "s", gt=0, le=604_800)
    ] = 86_400.0
    key_registered: Annotated[bool, about("Whether the Verifier knows the maker's key.")] = True
    access: Annotated[
        Literal["full", "function_call", "none"], about("That key's access to the maker's NEAR account.")
    ] = "full"
    token_life_s: Annotated[
        Annotated[float, msgspec.Meta(gt=0, le=315_360_000)] | None,
        about("Lifetime of the relay's bearer token, which is then a JWT; none: a word that does not end.", "s"),
    ] = None
    block_s: Annotated[
        float, about("Time between two blocks of the chain; what settles does so with a block.", "s", gt=0, le=60)
    ] = 0.6
    rpc_open: Annotated[bool, about("Whether the relay's RPC answers without a key too.")] = False
    bridge_http: Annotated[Literal[200, 201], about("The HTTP status of the bridge's answers.")] = 200
    accounts: Annotated[
        tuple[str, ...],
        about("Further accounts, each funded as the maker's and with its own key.", values="names, by `--account`"),
    ] = ()

    def __post_init__(self) -> None:
        if not self.start_mid.is_finite() or not 0 < self.start_mid <= 1_000_000_000:
            raise ValueError("start_mid must be above 0 and at most 1,000,000,000 EUR per BTC")
        if max(self.maker_btc, self.maker_eure, self.deposit_btc, *self.maker_balances.values()) >= 2**128:
            raise ValueError("the Verifier counts to 2^128 - 1 base units")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("a certificate needs its key: give --tls-cert and --tls-key together")
        if self.settle_s[0] > self.settle_s[1]:
            raise ValueError("settle_s is the shortest time, then the longest")
        if self.mix is None and self.dry + self.router_legs > 1:
            raise ValueError("dry and router_legs are shares of the same requests: together at most 1")
        if self.prices is not None and self.market is not None:
            raise ValueError("market and prices both name the market; give one")
        self._check_speed()
        for pair in self.pair_terms:
            if self.tokens.market(pair.market.base.token_id, pair.market.quote.token_id) is not None:
                raise ValueError(f"{pair.name} is a market of this venue already; leave it out of the pairs")
        for name in (self.funded, self.credited, *self.legacy):
            if self._token(name).underlying != self.tokens.base:
                raise ValueError(f"{name} is not worth {self.tokens.base.name}")
        for name in self.maker_balances:
            self._token(name)

    def _check_speed(self) -> None:
        if self.speed == 1:
            return
        if self.mix is not None:
            raise ValueError(ONLY_AT_SPEED_1.format(what=f"takers {self.takers}"))
        if self.rivals and self.rival_set == "adaptive":
            raise ValueError(ONLY_AT_SPEED_1.format(what="rivals adaptive"))

    @property
    def mix(self) -> Mapping[Kind, float] | None:
        """Shares of the kinds of takers; None for today's."""
        return parse_mix(self.takers)

    @property
    def regime(self) -> Regime | None:
        """The generated market; None for a recording or the usual random walk."""
        return next((regime for regime in REGIMES if regime == self.market), None)

    @property
    def recording(self) -> str | None:
        """The path of the recording to replay."""
        return self.prices if self.regime is not None or self.market is None else self.market

    @property
    def pair_terms(self) -> tuple[PairTerms, ...]:
        return find_pairs(self.pairs)

    @property
    def held_tokens(self) -> tuple[Token, ...]:
        """Every token that accounts of the venue hold: those of the table, then those of the pairs."""
        known = set(self.tokens.token_ids)
        return (*self.tokens.tokens, *(one for one in tokens_of(self.pair_terms) if one.token_id not in known))

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
        for pair in self.pair_terms:
            opening = pair.opening(PAIR_OPENING_EUR)
            amounts |= {token_id: units for token_id, units in opening.items() if self.tokens.get(token_id) is None}
        amounts |= {self._token(name).token_id: amount for name, amount in self.maker_balances.items()}
        return {token_id: amount for token_id, amount in amounts.items() if amount}

    def find_token(self, symbol: str) -> Token | None:
        """Return the token with this symbol, in upper or lower case; None without one."""
        held = self.held_tokens
        return next((token for token in held if token.symbol.lower() == symbol.lower()), None)

    def _token(self, symbol: str) -> Token:
        token = self.find_token(symbol)
        if token is None:
            known = ", ".join(one.symbol for one in self.held_tokens)
            raise ValueError(f"there is no token {symbol}; known are {known}")
        return token
