"""How rows are drawn from snapshots: what is in each cell."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from cockpit.model.snapshot import InventoryState, WithdrawalRow
from cockpit.model.trading_figures.market_requests import MarketRequestsRow
from panels.kit.rows.cells import Cell, Column, GridRow, hold_ticks, line_width
from panels.views.decisions import decision_detail, decision_row
from panels.views.fills import fill_row
from panels.views.health import bad_input, health_row
from panels.views.inventory import NO_MARKET, columns, inventory_detail, quantities, quantity_row, share_line
from panels.views.market import prices_line, requests_line, source_row
from panels.views.quotes import COLUMNS, panel_summary, quote_detail, quote_life, quote_row
from panels.views.rates import WorkRates
from panels.views.reconciliation import reconciliation_lines, unexplained
from panels.views.transfers import deposit_row, in_order, pending, withdrawal_detail, withdrawal_row
from tests.support.cockpit import samples


def texts(cells: tuple[tuple[str, str], ...]) -> list[str]:
    """The texts of cells without their padding."""
    return [text.strip() for text, _ in cells]


def test_a_decision_names_the_check_that_decided() -> None:
    row = decision_row(samples.decision(61))
    assert texts(row.cells) == ["0s", "▲ buy", "92.77", "98,362.15", "7.1", "· over notional", row.cells[6].text]
    assert decision_row(samples.decision(60)).cells[5] == ("✓ quoted", "good")
    assert decision_row(samples.decision(59)).cells[5] == ("◇ in SHADOW", "warn")


def test_a_decision_without_a_price_shows_no_zero() -> None:
    row = decision_row(replace(samples.decision(60), notional=None, price=None, edge_bps=None, reason="reference"))
    assert texts(row.cells)[2:5] == ["–", "–", "–"]


def test_a_reason_this_cockpit_does_not_know_is_shown_as_it_is() -> None:
    row = decision_row(replace(samples.decision(60), reason="new_check", actionable=False))
    assert row.cells[5].text == "· new check"


def test_the_details_of_a_decision_list_every_check() -> None:
    fields = {field.label: field.value for field in decision_detail(samples.decision(61)).fields}
    assert fields["reference age"] == ("✓ 0.41 s, at most 5 s", "good")
    assert fields["notional"] == ("✗ 92.77 EURe, at most 5 EURe", "bad")


@pytest.mark.parametrize("outcome", ["settled", "expired", "burned"])
def test_a_quote_that_is_over_has_no_time_left(outcome: str) -> None:
    row = quote_row(replace(samples.quote(23), outcome=outcome, left_ms=30_000))
    assert texts(row.cells)[5:7] == ["", ""]


@pytest.mark.parametrize("outcome", ["sent", "accepted", "unknown"])
def test_a_quote_that_may_still_settle_drains(outcome: str) -> None:
    whole = quote_row(replace(samples.quote(23), outcome=outcome, left_ms=60_000)).cells
    half = quote_row(replace(samples.quote(23), outcome=outcome, left_ms=30_000)).cells
    last = quote_row(replace(samples.quote(23), outcome=outcome, left_ms=1)).cells
    assert [cells[5].text for cells in (whole, half, last)] == ["60s", "30s", "1s"]
    assert [cells[6].text for cells in (whole, half, last)] == ["━━━", "━╸ ", "╸  "]
    assert [cells[6].role for cells in (whole, half, last)] == ["accent", "accent", "warn"]


def test_a_fill_shows_whether_the_balances_are_updated() -> None:
    assert fill_row(samples.execution(3)).cells[7] == ("✓ updated", "good")
    assert fill_row(samples.execution(12)).cells[7] == ("◌ pending", "warn")


def quantity(held: InventoryState, name: str) -> tuple[Cell, ...]:
    """The cells of a quantity for both assets."""
    return next(quantity_row(one) for one in quantities(held) if one.name == name).cells[1:]


def test_a_balance_that_could_not_be_read_is_unknown_never_zero() -> None:
    held = samples.fresh().inventory
    assert quantity(held, "balance") == (("unknown", "warn"), ("unknown", "warn"))
    assert quantity(held, "available") == (("unknown", "warn"), ("unknown", "warn"))
    assert quantity(held, "value EUR")[0] == ("?", "warn")
    assert unexplained(held.rows[0]) == ("? unknown", "warn")


def test_committed_leaving_and_arriving_amounts_carry_their_sign() -> None:
    held = samples.inventory()
    assert quantity(held, "committed") == (("−0.00008200", "accent"), ("−12.1070", "accent"))
    assert quantity(held, "leaving")[0] == ("−0.02000000", "sell")
    assert quantity(held, "pending in")[0].text == "+0.01000000"


def test_a_difference_of_one_base_unit_is_seen() -> None:
    eure = samples.inventory().rows[1]
    assert unexplained(eure) == ("✓ 0", "good")
    assert unexplained(replace(eure, unexplained=Decimal("-1E-18"))) == ("✗ -0.000000000000000001", "bad")


def test_balances_are_cut_never_rounded_up() -> None:
    held = samples.inventory()
    eure = replace(held.rows[1], balance=Decimal("9.99999"), spendable=Decimal("0.00009999"))
    cut = replace(held, rows=(held.rows[0], eure))
    assert quantity(cut, "balance")[1].text == "9.9999"
    assert quantity(cut, "available")[1].text == "0.0000"


@pytest.mark.parametrize(("width", "words"), [(78, "+"), (118, "fills"), (198, "withdrawals")])
def test_the_reconciliation_adds_up_in_its_columns_at_every_width(width: int, words: str) -> None:
    btc, eure = ("".join(cell.text for cell in line) for line in reconciliation_lines(samples.inventory().rows, width))
    assert words in btc
    assert max(len(btc), len(eure)) <= width
    assert [part for part in btc.replace("=", " ").split() if part[0].isdigit()] == [
        "0.49000000",
        "0.01000000",
        "0.00012340",
        "0.00000000",
        "0.50012340",
        "0",
    ]
    assert " − " in eure
    assert "12.1459" in eure
    assert btc.index("✓") == eure.index("✓")


def test_an_unexplained_difference_is_shown_where_there_is_little_room() -> None:
    rows = samples.inventory().rows
    off = replace(rows[1], balance=Decimal("1234567890.1"), unexplained=Decimal("-0.000000000000000001"))
    lines = reconciliation_lines((rows[0], off), 78)
    text = "".join(cell.text for cell in lines[1])
    assert line_width(lines[1]) <= 78
    assert "✗ -0.000000000000000001" in text


@pytest.mark.parametrize("share", [Decimal(0), Decimal("0.3"), Decimal("0.5"), Decimal("0.72"), Decimal(1)])
@pytest.mark.parametrize("width", [40, 54, 75])
def test_the_share_bar_fills_its_line(share: Decimal, width: int) -> None:
    line = share_line(replace(samples.inventory(), btc_share=share), width)
    text = "".join(cell.text for cell in line)
    assert len(text) == width
    assert text.count("┃") == 1


def test_transfers_in_flight_come_first() -> None:
    rows = [
        withdrawal_row(item) if isinstance(item, WithdrawalRow) else deposit_row(item)
        for item in in_order(samples.snapshot())
    ]
    assert [row.cells[3].text for row in rows] == ["◌ bridging", "◌ pending", "✓ credited", "✓ completed"]
    assert [row.cells[1].text for row in rows] == ["↑", "↓", "↓", "↑"]
    assert rows[3].cells[5].text.startswith("made elsewhere ")


def test_the_details_of_a_withdrawal_show_every_step_and_hash() -> None:
    ours, foreign = samples.snapshot().withdrawals
    fields = {field.label: field.value.text for field in withdrawal_detail(ours).fields}
    assert fields["to"] == ours.destination
    assert fields["NEAR hash"] == ours.near_hash
    assert fields["paid out as"] == "not yet"
    assert [text for label, text in fields.items() if label.endswith("ago")] == [
        "requested",
        "signed and recorded",
        "sent",
        "left the Verifier",
        "accepted by the bridge",
    ]
    assert {field.label: field.value for field in withdrawal_detail(foreign).fields}["origin"] == (
        "made elsewhere",
        "warn",
    )


def test_an_unknown_withdrawal_is_red_and_in_flight() -> None:
    row = replace(samples.snapshot().withdrawals[0], state="unknown")
    assert withdrawal_row(row).cells[3] == ("? unknown", "bad")
    assert pending(row)


def test_ages_tick_in_all_rows_together() -> None:
    columns = (Column("age", 5, ticks=True), Column("what", 5))
    shown = [GridRow("a", (Cell("1s"), Cell("x"))), GridRow("b", (Cell("1s"), Cell("x")))]
    later = [
        GridRow("c", (Cell("0s"), Cell("n"))),
        GridRow("a", (Cell("2s"), Cell("x"))),
        GridRow("b", (Cell("2s"), Cell("y"))),
    ]
    assert [row.cells[0].text for row in hold_ticks(later, shown, columns)] == ["0s", "1s", "2s"]


def test_bad_input_is_counted_once() -> None:
    part = replace(
        samples.health("near-intents-ingest"),
        counters={
            "messages": 90,
            "malformed": 3,
            "malformed_json": 2,
            "malformed_shape": 1,
            "kraken_malformed_json": 4,
            "sent": 7,
        },
    )
    assert bad_input(part) == 7
    assert health_row(part, WorkRates()).cells[5] == ("7", "warn")


def test_a_degraded_part_shows_why() -> None:
    row = health_row(samples.health("market-reference-ingest", "degraded"), WorkRates())
    assert row.cells[0] == ("◐", "warn")
    assert row.cells[6] == ("degraded: bitstamp: connection reset", "warn")


def test_the_market_shows_our_bid_and_ask() -> None:
    text = "".join(cell.text for cell in prices_line(samples.market(), 80))
    assert text.split() == ["▲", "bid", "98,362.15", "mid", "98,432.15", "▼", "ask", "98,502.15"]
    assert "σ" not in text
    assert prices_line(samples.fresh().market, 80)[0] == ("no mid: ", "warn")
    late = source_row(samples.market().sources[2])
    assert late.cells[6] == ("◐ degraded old", "warn")
    assert late.cells[4].text == "-0.6"


def test_sigma_stands_behind_the_prices_once_it_is_known() -> None:
    known = replace(samples.market(), sigma_bps=Decimal("6.94"))
    whole = "".join(cell.text for cell in prices_line(known, 80))
    assert whole.endswith("   σ 6.9 bps")
    assert "σ" not in "".join(cell.text for cell in prices_line(known, len(whole) - 1))


def test_the_details_of_a_quote_show_its_life() -> None:
    shot = samples.snapshot()
    live = next(row for row in shot.quotes if row.outcome == "accepted")
    shown = [f"{field.label} {field.value.text}" for field in quote_life(live, replace(shot, decisions=()))]
    assert shown == [" ", "11s ago signed, valid for 1m00s, sent to the relay", "in 49s expires; binding until then"]
    request = replace(samples.decision(60), quote_id=live.quote_id)
    fill = replace(samples.execution(9), quote_hash=live.quote_hash, age_ms=3_000)
    settled = replace(live, outcome="settled", left_ms=0)
    listed = replace(shot, decisions=(request,), executions=(fill,))
    assert "balances updated" in (
        text := "\n".join(f"{field.label} {field.value.text}" for field in quote_life(settled, listed))
    )
    assert "0s ago decided: 8 of 8 checks passed" in text
    assert "3s ago settled" in text
    assert fill.tx_hash in text
    assert "markout 10s -5.60 bps" in text
    expired = replace(live, outcome="expired", left_ms=0, age_ms=90_000)
    assert ("30s ago", "deadline passed") in [(field.label, field.value.text) for field in quote_life(expired, shot)]


def test_requests_are_named_by_market_the_busiest_first() -> None:
    none = samples.snapshot()
    assert requests_line(none, 200) == ()
    rows = (demand("BTC/EURe", buys=2), demand("nBTC/EURe", buys=1_230, sells=11), demand("qBTC/EURe"))
    busy = replace(none, demand_by_market=rows, demand_ms=3_600_000)
    assert requests_line(busy, 200)[0].text == (
        "requests/h nBTC/EURe 1,241 (buy 1,230, sell 11) · BTC/EURe 2 (buy 2, sell 0) · qBTC/EURe 0 · other pairs 1,080"
    )
    early = replace(busy, demand_ms=125_000)
    assert requests_line(early, 200)[0].text.startswith("requests in 2m05s nBTC/EURe")
    assert requests_line(early, 66)[0].text == "2m05s nBTC 1,241 ▲1,230 ▼11 · BTC 2 ▲2 ▼0 · other pairs 1,080"
    assert requests_line(early, 48)[0].text == "2m05s nBTC 1,241 ▲1,230 ▼11 · BTC 2 ▲2 ▼0"


def demand(market: str, buys: int = 0, sells: int = 0) -> MarketRequestsRow:
    return MarketRequestsRow(market=market, buys_in_hour=buys, sells_in_hour=sells, buys=buys, sells=sells)


def test_a_token_that_no_market_trades_is_marked_while_it_is_held() -> None:
    held = samples.inventory()
    btc, eure = held.rows
    idle = replace(held, rows=(replace(btc, quoted=False), eure))
    assert [column.title for column in columns(idle)][1:] == ["! BTC", "EURe"]
    assert quantity_row(quantities(idle)[0]).cells[1].role == "bad"
    assert NO_MARKET in [field.value.text for field in inventory_detail(idle).fields]
    empty = replace(held, rows=(replace(btc, quoted=False, balance=Decimal(0)), eure))
    assert [column.title for column in columns(empty)] == [column.title for column in columns(held)]
    assert NO_MARKET not in [field.value.text for field in inventory_detail(held).fields]


def test_a_token_that_appears_within_a_second_gets_its_column() -> None:
    held = samples.inventory()
    btc, eure = held.rows
    more = replace(held, rows=(btc, replace(btc, symbol="nBTC"), eure))
    before, after = ([quantity_row(one) for one in quantities(each)] for each in (held, more))
    assert hold_ticks(after, before, columns(more)) == after
    assert hold_ticks(before, after, columns(held)) == before


@pytest.mark.parametrize(
    ("option", "intrinsic", "cell", "detail"),
    [
        (None, None, Cell("", "muted"), "unknown"),
        ("1.25", "0", Cell("1.2", "muted"), "worth 1.25 bps to its holder by the model; settling now gains 0.00 bps"),
        ("9.31", "0.01", Cell("9.3", "bad"), "worth 9.31 bps to its holder by the model; settling now gains 0.01 bps"),
    ],
)
def test_what_a_quote_is_worth_to_its_holder_is_red_while_settling_it_gains(
    option: str | None, intrinsic: str | None, cell: Cell, detail: str
) -> None:
    worth, gained = (None if text is None else Decimal(text) for text in (option, intrinsic))
    row = replace(samples.quote(23), left_ms=30_000, option_bps=worth, intrinsic_bps=gained)
    place = [column.title for column in COLUMNS].index("option")
    assert quote_row(row).cells[place] == cell
    [field] = [one for one in quote_detail(row, samples.snapshot()).fields if one.label == "option"]
    assert field.value == Cell(detail, "bad" if cell.role == "bad" else field.value.role)


def test_an_error_that_is_the_state_of_a_part_is_said_once() -> None:
    failing = next(row for row in samples.snapshot().health if row.state != "ok")
    cells = health_row(replace(failing, last_error="connection reset"), WorkRates()).cells
    assert [cell.text.count("connection reset") for cell in cells[-2:]] == [1, 0]
    recovered = health_row(replace(failing, state="ok", detail="3 of 3", last_error="connection reset"), WorkRates())
    assert [cell.text for cell in recovered.cells[-2:]] == ["3 of 3", "connection reset"]


def test_the_quotes_of_unknown_outcome_stand_before_all_others() -> None:
    assert "; 1 unknown, 58 sent, " in panel_summary(samples.snapshot())
