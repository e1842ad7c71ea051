"""Two tokens of one underlying are one position: they share price, skew, limits and exposure, not their cover."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quote_book.reservations import Reservations
from cockpit.desk.quoting.desk_view import DeskView, read_view, record_view
from cockpit.desk.quoting.holding import Holding
from cockpit.desk.quoting.strategy import Decision, decide, desk_prices
from cockpit.model.commands import Limits
from cockpit.model.events import Side, SwapDemand
from tests.support.desk.builders import commitment, request, view
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Market, Token
from venue.protocol.tokens import BITCOIN, BTC, BTC_EURE, DEFAULT_TOKENS, EURE, EURO, NBTC, NBTC_EURE, TokenTable

CENTS = Token(
    symbol="EURC",
    token_id="nep141:eurc.near",
    decimals=6,
    chain="eth:100",
    near_token="eurc.near",
    underlying=EURO,
    never_to="omni.bridge.near",
)
WITH_CENTS = TokenTable((NBTC, EURE, CENTS), (NBTC_EURE, Market(NBTC, CENTS)), base=BITCOIN, quote=EURO)
BY_POSITION = ("trading", "notional", "edge", "promised", "share", "loss", "amount")
"""Checks that look at the whole position, or at no balance at all."""

units = st.integers(0, 10**9)
sides = st.sampled_from(("buy", "sell"))


def asked(side: Side, amount: int, token: Token = NBTC) -> SwapDemand:
    """A request for an exact amount of BTC, in or out, of this token."""
    plain = request(side, amount_in=amount) if side == "buy" else request(side, amount_out=amount)
    names = {BTC.token_id: token.token_id}
    return msgspec.structs.replace(
        plain,
        asset_in=names.get(plain.asset_in, plain.asset_in),
        asset_out=names.get(plain.asset_out, plain.asset_out),
    )


def decided(wanted: SwapDemand, seen: DeskView) -> Decision:
    return decide(wanted, seen, desk_prices(seen))


def verdicts(decision: Decision) -> dict[str, tuple[bool, str]]:
    return {check.name: (check.passed, check.text()) for check in decision.checks if check.name in BY_POSITION}


@given(sides, st.integers(1, 9_000), units, units, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_position_in_two_tokens_is_priced_and_limited_as_in_one(
    side: Side, amount: int, own: int, elsewhere: int, own_reserved: int, elsewhere_reserved: int
) -> None:
    limits = Limits(max_asset_share=Decimal("0.7"), max_promised_eure=Decimal(300))
    split = view(
        market=NBTC_EURE,
        limits=limits,
        base_balance=own,
        base_reserved=own_reserved,
        base_elsewhere=elsewhere,
        base_elsewhere_reserved=elsewhere_reserved,
        base_promised=own_reserved + elsewhere_reserved,
    )
    whole = view(
        market=NBTC_EURE,
        limits=limits,
        base_balance=own + elsewhere,
        base_reserved=own_reserved + elsewhere_reserved,
        base_promised=own_reserved + elsewhere_reserved,
    )
    one, other = decided(asked(side, amount), split), decided(asked(side, amount), whole)
    assert (one.price, one.skew_bps, one.amounts) == (other.price, other.skew_bps, other.amounts)
    assert verdicts(one) == verdicts(other)


@given(st.integers(1, 9_000), units, units)
def test_a_quote_is_covered_by_its_own_token_alone(amount: int, own: int, elsewhere: int) -> None:
    seen = view(market=NBTC_EURE, base_balance=own, base_elsewhere=elsewhere)
    passed = {check.name: check.passed for check in decided(asked("sell", amount), seen).checks}
    assert passed["covered"] == (amount <= own)


@given(sides, st.integers(1, 9_000), units)
def test_both_kinds_of_btc_have_one_price(side: Side, amount: int, held: int) -> None:
    legacy = view(market=BTC_EURE, base_balance=held)
    new = view(market=NBTC_EURE, base_balance=held)
    one, other = decided(asked(side, amount, BTC), legacy), decided(asked(side, amount, NBTC), new)
    assert (one.price, one.amounts, one.reason) == (other.price, other.amounts, other.reason)


@given(units, units, st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_view_of_two_tokens_is_recorded_whole(own: int, elsewhere: int, first: int, second: int) -> None:
    seen = view(
        market=NBTC_EURE,
        base_balance=own,
        base_elsewhere=elsewhere,
        base_elsewhere_reserved=first,
        quote_elsewhere_reserved=second,
    )
    assert read_view(record_view(seen), NBTC_EURE, seen.limits, seen.params) == seen


def test_a_view_of_one_token_is_recorded_as_before_there_were_two() -> None:
    assert "elsewhere" not in record_view(view())


def test_a_holding_sums_the_tokens_of_its_underlying() -> None:
    reservations = Reservations(DEFAULT_TOKENS)
    reservations.restore(commitment("a", side="sell", amount_out=300))
    reservations.set_leaving(NBTC.token_id, 7)
    held = TokenAmounts({BTC.token_id: 1_000, NBTC.token_id: 50, EURE.token_id: 9})
    legacy, new = Holding(DEFAULT_TOKENS, BTC), Holding(DEFAULT_TOKENS, NBTC)
    assert (legacy.balance(held), legacy.elsewhere(held)) == (1_000, 50)
    assert (new.balance(held), new.elsewhere(held)) == (50, 1_000)
    assert (legacy.elsewhere_reserved(reservations), new.elsewhere_reserved(reservations)) == (7, 300)
    assert legacy.committed(reservations) == new.committed(reservations) == 300
    assert (new.balance(None), new.elsewhere(None)) == (None, 0)


steps = st.tuples(
    st.sampled_from(("live", "refused", "refuse", "put back", "release", "leaving")),
    st.integers(0, 5),
    st.sampled_from((*WITH_CENTS.token_ids, "nep141:gone.near")),
    units,
)


@given(st.lists(steps, max_size=30), st.dictionaries(st.sampled_from(WITH_CENTS.token_ids), units))
def test_the_sums_by_underlying_that_are_kept_are_those_over_all_tokens(
    moves: list[tuple[str, int, str, int]], held: dict[str, int]
) -> None:
    reservations, balances = Reservations(WITH_CENTS), TokenAmounts(held)
    for move, number, token_id, amount in moves:
        match move:
            case "live" | "refused":
                made = msgspec.structs.replace(commitment(str(number), amount_out=amount), asset_out=token_id)
                reservations.restore(made, refused=move == "refused")
            case "refuse":
                reservations.refuse(commitment(str(number)).quote_hash)
            case "put back":
                reservations.put_back(commitment(str(number)).quote_hash)
            case "release":
                reservations.release(commitment(str(number)).quote_hash)
            case _:
                reservations.set_leaving(token_id, amount)
    for token in WITH_CENTS.tokens:
        every, holding = WITH_CENTS.of(token.underlying), Holding(WITH_CENTS, token)
        others = [one for one in every if one != token]
        assert holding.committed(reservations) == sum(reservations.committed(one.token_id) * one.scale for one in every)
        assert holding.signed(reservations) == sum(
            reservations.signed_amount(one.token_id) * one.scale for one in every
        )
        assert holding.elsewhere_reserved(reservations) == sum(
            reservations.reserved(one.token_id) * one.scale for one in others
        )
        for seen in (balances, None, balances, TokenAmounts({token.token_id: 1})):
            expected = 0 if seen is None else sum(seen[one.token_id] * one.scale for one in others)
            assert holding.elsewhere(seen) == expected


@given(sides, st.integers(1, 9_000))
def test_a_quote_in_a_coarser_token_counts_in_the_units_of_its_underlying(side: Side, amount: int) -> None:
    market = Market(NBTC, CENTS)
    seen = view(market=market, quote_balance=50_000 * 10**6, base_elsewhere=0)
    wanted = msgspec.structs.replace(
        asked(side, amount),
        **({"asset_out": CENTS.token_id} if side == "buy" else {"asset_in": CENTS.token_id}),
    )
    made = decided(wanted, seen).amounts
    if made is None:
        return
    paid = made.amount_out if side == "buy" else made.amount_in
    assert made.notional == paid * 10**12
    worth = amount * 50_000 * 10**10
    assert made.edge == (worth - made.notional if side == "buy" else made.notional - worth)
    assert made.edge >= 0


def test_amounts_elsewhere_are_in_units_of_the_underlying() -> None:
    held = Holding(WITH_CENTS, EURE)
    assert held.elsewhere(TokenAmounts({CENTS.token_id: 5})) == 5 * 10**12
