"""The table of tokens and markets: what fits into it, what amounts are worth, and how amounts add up."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.assets import Market, PairAmounts, Token, Underlying
from venue.protocol.tokens import (
    BITCOIN,
    BTC,
    BTC_EURE,
    DEFAULT_TOKENS,
    EURE,
    EURO,
    NBTC,
    NBTC_EURE,
    OMNI_BRIDGE,
    TokenTable,
)

ETHER = Underlying(name="ETH", symbol="ETH", decimals=18)
amounts = st.dictionaries(st.sampled_from(DEFAULT_TOKENS.token_ids), st.integers(-(2**127), 2**127)).map(TokenAmounts)


def other(**changes: object) -> Token:
    """A third kind of BTC, with some of its facts changed."""
    plain = msgspec.structs.replace(BTC, symbol="xBTC", token_id="nep141:x.near", near_token="x.near")
    return msgspec.structs.replace(plain, **changes)


def test_the_built_in_table_quotes_both_kinds_of_btc() -> None:
    assert [market.name for market in DEFAULT_TOKENS.markets] == ["BTC/EURe", "nBTC/EURe"]
    assert DEFAULT_TOKENS.market(NBTC.token_id, EURE.token_id) is NBTC_EURE
    assert DEFAULT_TOKENS.market(EURE.token_id, BTC.token_id) is BTC_EURE
    assert DEFAULT_TOKENS.market(BTC.token_id, NBTC.token_id) is None
    assert DEFAULT_TOKENS.of(BITCOIN) == (BTC, NBTC)
    assert DEFAULT_TOKENS.by_symbol("NBTC") is NBTC


def test_no_token_may_be_sent_where_it_would_be_lost() -> None:
    for token in DEFAULT_TOKENS.tokens:
        receiver = OMNI_BRIDGE if token.bridge == "omni" else token.near_token
        assert token.never_to not in ("", receiver)


@pytest.mark.parametrize(
    ("token", "markets", "problem"),
    [
        (other(symbol="btc"), (), "the same id or symbol"),
        (other(token_id=BTC.token_id), (), "the same id or symbol"),
        (other(underlying=ETHER), (), "has no price here"),
        (other(decimals=9), (), "more decimals than BTC"),
        (other(), (Market(BTC, other()),), "is not BTC against EUR"),
        (other(), (Market(EURE, BTC),), "is not BTC against EUR"),
        (other(), (Market(other(decimals=7), EURE),), "not in the table"),
        (other(), (BTC_EURE, BTC_EURE), "is there twice"),
    ],
)
def test_what_does_not_fit_the_table_is_refused(token: Token, markets: tuple[Market, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        TokenTable((BTC, NBTC, EURE, token), markets, base=BITCOIN, quote=EURO)


@given(amounts, amounts)
def test_amounts_add_up_token_by_token(one: TokenAmounts, two: TokenAmounts) -> None:
    total = one + two
    assert all(total[token_id] == one[token_id] + two[token_id] for token_id in DEFAULT_TOKENS.token_ids)
    assert total - two == one
    assert hash(total - two) == hash(one)
    assert not one - one
    assert one + NOTHING == one == TokenAmounts(one.as_dict() | {"nep141:none.near": 0})


@given(amounts, amounts)
def test_what_amounts_are_worth_adds_up_too(one: TokenAmounts, two: TokenAmounts) -> None:
    table = DEFAULT_TOKENS
    assert table.worth(one + two) == table.worth(one) + table.worth(two)
    assert table.worth(one) == PairAmounts(one[BTC.token_id] + one[NBTC.token_id], one[EURE.token_id])


def test_the_share_counts_both_kinds_of_btc() -> None:
    held = TokenAmounts({BTC.token_id: 10**7, NBTC.token_id: 2 * 10**7, EURE.token_id: 10_000 * 10**18})
    assert DEFAULT_TOKENS.share(held, Decimal(50_000)) == Decimal("0.6")
    assert DEFAULT_TOKENS.share(NOTHING, Decimal(50_000)) is None
