"""Quotes that the relay refused and that could still settle are shown beside the live ones, and never as nothing."""

from decimal import Decimal

from msgspec.structs import replace

from cockpit.cli.stop import NO_LIVE_QUOTE, signed_quotes
from cockpit.model.quote_texts import option_day_text
from cockpit.model.snapshot import LiveQuotes, OptionDayState, OptionSide, OptionState, Snapshot
from panels.dialogs.quit import quit_situation
from panels.dialogs.trading.hard_stop import stop_situation
from panels.frame.status_bar import live_quotes, status
from panels.kit.messages import NO_LIVE_QUOTES
from panels.kit.rows.cells import Line
from panels.kit.view import View
from panels.views.quotes import is_live, panel_summary, quote_row
from tests.support.cockpit import samples

REFUSED = "126 refused could still settle until"


def showing(**changes: object) -> Snapshot:
    alive = LiveQuotes(
        quotes=0,
        btc=Decimal(0),
        eure=Decimal(0),
        last_death_ms=0,
        refused=126,
        refused_btc=Decimal("0.05"),
        refused_eure=Decimal("3157.5"),
        refused_last_ms=61_000,
        committed_eure=Decimal(0),
        signed_eure=Decimal("5657.5"),
    )
    return replace(samples.disarmed(), alive=replace(alive, **changes))


def text_of(lines: list[Line]) -> str:
    return " ".join(cell.text for line in lines for cell in line)


def test_the_status_bar_names_refused_quotes_and_until_when() -> None:
    shown = text_of(status(View(snapshot=showing()), 200))
    assert f"{NO_LIVE_QUOTES} , {REFUSED}" in shown
    assert REFUSED in text_of(status(View(snapshot=showing(quotes=3, last_death_ms=9_000)), 200))
    assert "refused" not in text_of(status(View(snapshot=showing(refused=0)), 200))


def test_no_sentence_says_that_nothing_is_live_while_a_refused_quote_could_settle() -> None:
    shot = showing()
    for said in (stop_situation(View(snapshot=shot)), quit_situation(View(snapshot=shot)), signed_quotes(shot)):
        assert REFUSED in said
        assert "no live quotes" not in said
        assert NO_LIVE_QUOTE not in said
    assert "3,157.50 EURe" in stop_situation(View(snapshot=shot))
    assert signed_quotes(showing(refused=0)) == NO_LIVE_QUOTE
    both = signed_quotes(showing(quotes=1, eure=Decimal(5), last_death_ms=9_000))
    assert "1 live quote commits 0 BTC and 5 EURe" in both
    assert "126 refused could still settle until" in both


def test_the_command_line_rounds_amounts_for_reading() -> None:
    shot = showing(quotes=2, btc=Decimal("0.00418251"), eure=Decimal("334.599123456789012345"), last_death_ms=9_000)
    assert "commit 0.00418251 BTC and 334.5991 EURe" in signed_quotes(shot)


def test_the_panel_says_what_is_committed_and_what_is_signed_beside_the_limits() -> None:
    shot = replace(showing(), limits=replace(samples.snapshot().limits, max_signed_eure=Decimal(10_000)))
    summary = panel_summary(shot)
    assert summary.startswith(REFUSED)
    assert "committed 0 of 1,000 EURe, signed 5,658 of 10,000 EURe" in summary
    unknown = replace(shot, alive=replace(shot.alive, signed_eure=None))
    assert "signed unknown of 10,000 EURe" in panel_summary(unknown)


def test_the_panel_says_what_the_options_in_signed_quotes_are_worth() -> None:
    amounts = {"value": "0.194", "intrinsic": "0.04", "time_value": "0.154", "jump": "3.1", "refused_value": "0"}
    worth = OptionState(**{name: Decimal(text) for name, text in amounts.items()}, sigma_bps=Decimal(9), age_ms=500)
    shot = replace(showing(), options=worth)
    assert "options 0.19 EURe (intrinsic 0.04), 1 % jump -3.10 EURe" in panel_summary(shot)
    bounded = replace(shot, limits=replace(shot.limits, max_option_eure=Decimal(2)))
    assert "options 0.19 of 2 EURe (intrinsic 0.04)" in panel_summary(bounded)
    nothing = replace(worth, value=Decimal(0), jump=Decimal(0))
    for none in (nothing, None):
        assert "options" not in panel_summary(replace(shot, options=none))


def test_a_refused_quote_shows_how_long_it_could_settle_and_is_not_live() -> None:
    refused = replace(samples.quote(23), outcome="refused", left_ms=30_000)
    assert not is_live(refused)
    assert quote_row(refused).cells[5].text == "30s"
    assert quote_row(replace(refused, left_ms=0)).cells[5].text == ""


def test_what_was_written_and_given_away_today_is_said_for_each_side() -> None:
    assert option_day_text(OptionDayState()) == ""
    buys = OptionSide(quotes=9, written=Decimal("6.1"), fills=2, known=2, given_away=Decimal("0.7"))
    sells = OptionSide(quotes=8, written=Decimal("6.24"), fills=3, known=1, given_away=Decimal("-0.2"))
    said = "given away 0.50 of 12.34 EURe written today (buys 0.70 of 6.10, sells -0.20 of 6.24)"
    assert option_day_text(OptionDayState(buy=buys, sell=sells)) == f"{said}; unknown of 2 fills"
    assert option_day_text(OptionDayState(buy=buys, sell=replace(sells, known=3))) == said


def test_what_still_binds_counts_down_without_a_connection() -> None:
    live = replace(samples.snapshot().alive, quotes=11, last_death_ms=66_000)
    view = View(snapshot=replace(samples.snapshot(), alive=live), quiet_ms=12_000, link_lost="the desk has ended")
    late = replace(view, quiet_ms=80_000)
    bar = "".join(cell.text for cell in live_quotes(view, replace(samples.snapshot(), alive=live)))
    assert "54s left" in bar
    assert "the last for 54s" in quit_situation(view)
    assert "the last one expires in 54s" in stop_situation(view)
    assert "the last for 0s" in quit_situation(late)


def test_quotes_of_a_desk_that_has_ended_settle_until_their_deadlines_and_no_longer() -> None:
    ended = View(snapshot=showing(quotes=1, last_death_ms=9_000), quiet_ms=4_000, link_lost="refused", no_desk=True)
    said = quit_situation(ended)
    assert "1 quote was live when it was last seen and may still settle, the last for 5s" in said
    assert REFUSED in said
    assert "Left running" not in said
    assert "Stopping the desk" not in said
    later = quit_situation(replace(ended, quiet_ms=20_000))
    assert "none can settle any more" in later
    assert REFUSED in later
    assert REFUSED not in quit_situation(replace(ended, quiet_ms=61_000))
    assert "No quote was live when it was last seen" in quit_situation(replace(ended, snapshot=showing(refused=0)))
