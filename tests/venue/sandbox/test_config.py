"""What a venue's settings say of its tokens: opening balances, the kind of BTC, and what they refuse."""

import msgspec
import pytest

from venue.protocol.assets import Token
from venue.protocol.tokens import BITCOIN, BTC, EURE, EURO, NBTC, NBTC_EURE, TokenTable
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue


@pytest.mark.parametrize("kind", [BTC, NBTC])
def test_the_maker_holds_the_kind_that_is_funded(kind: Token) -> None:
    config = VenueConfig(funded=kind.symbol, maker_btc=7, maker_eure=9)
    assert config.maker_opening() == {kind.token_id: 7, EURE.token_id: 9}
    ledger = Venue(config).ledger
    assert ledger.balances_of(config.maker_account) == {kind.token_id: 7, EURE.token_id: 9}


def test_balances_by_symbol_add_to_the_opening_and_replace_its_own() -> None:
    config = VenueConfig(funded="nBTC", maker_btc=7, maker_eure=9, maker_balances={"BTC": 5, "eure": 0})
    assert config.maker_opening() == {NBTC.token_id: 7, BTC.token_id: 5}


def test_traders_and_rivals_hold_every_token() -> None:
    ledger = Venue(VenueConfig(traders=2)).ledger
    others = [name for name in ledger.accounts.names() if name.startswith("trader-") or name.endswith(".rival.near")]
    assert len(others) == 5
    for name in others:
        assert set(ledger.balances_of(name)) == {BTC.token_id, NBTC.token_id, EURE.token_id}


@pytest.mark.parametrize("given", [{"funded": "DOGE"}, {"credited": "EURe"}, {"maker_balances": {"x": 1}}])
def test_a_token_that_does_not_fit_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"no token|not worth BTC"):
        msgspec.convert(given, VenueConfig)


def test_a_venue_works_on_any_table() -> None:
    table = TokenTable((NBTC, EURE), (NBTC_EURE,), base=BITCOIN, quote=EURO)
    config = VenueConfig(tokens=table, funded="nBTC", credited="nBTC", legacy=())
    venue = Venue(config)
    assert set(venue.ledger.balances_of(config.maker_account)) == {NBTC.token_id, EURE.token_id}
    assert venue.chains().keys() == {"btc:mainnet", "eth:100"}
