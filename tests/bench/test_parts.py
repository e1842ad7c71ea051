"""What the bench counts: which requests it sends, and which answers are correct."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from bench.load import LoadResult, percentile
from bench.market_table import BASES, QUOTES, markets_toml, tokens_in
from bench.report import PublicMakerReport, ReactionReport, ReactionTurn, as_json, as_text, ratios, rows
from bench.requests import index_of, is_other, quote_id, request
from bench.terminal_report import MemorySample, slope
from bench.verify import wrong_answers
from cockpit.model.events import SwapDemand
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.relay.messages import decode_message, read_event
from venue.sandbox.flow.wallet import Wallet


def test_requests_alternate_direction_exact_form_and_market() -> None:
    events = [read_event(decode_message(request(7, index, 0.0, "s")), DEFAULT_TOKENS, 1) for index in range(8)]
    requests = [event for event in events if isinstance(event, SwapDemand)]
    forms = {(request.asset_in, request.asset_out, request.amount_in is None) for request in requests}
    sides = [(market.base.token_id, market.quote.token_id) for market in DEFAULT_TOKENS.markets]
    assert forms == {(*pair[::way], exact_out) for pair in sides for way in (1, -1) for exact_out in (False, True)}


def test_nine_in_ten_are_for_other_pairs_and_every_form_is_left() -> None:
    events = [read_event(decode_message(request(7, index, 0.9, "s")), DEFAULT_TOKENS, 1) for index in range(400)]
    requests = [event for event in events if isinstance(event, SwapDemand)]
    assert [event == "other_pair" for event in events] == [is_other(index, 0.9) for index in range(400)]
    assert len(requests) == 40
    assert len({(request.asset_in, request.asset_out, request.amount_in is None) for request in requests}) == 8


def test_requests_are_spread_evenly_over_the_markets_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "markets.toml"
    file.write_text(markets_toml(), "utf-8")
    tokens = tokens_in(str(file))
    texts = [request(7, index, 0.9, "s", tokens=tokens) for index in range(1_600)]
    events = [read_event(decode_message(text), tokens, 1) for text in texts]
    requests = [event for event in events if isinstance(event, SwapDemand)]
    asked = Counter(tokens.market(request.asset_in, request.asset_out) for request in requests)
    assert len(asked) == BASES * QUOTES == 20
    assert set(asked.values()) == {8}
    assert tokens_in("") is DEFAULT_TOKENS


def test_a_quote_id_holds_its_run_and_index() -> None:
    assert index_of(3, quote_id(3, 258)) == 258
    assert index_of(4, quote_id(3, 258)) is None
    assert index_of(3, "nonsense") is None


def test_percentiles_are_measured_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(value) for value in range(100)], 0.99) == 99.0
    assert percentile([], 0.5) == 0.0


def test_a_slope_is_that_of_the_line_through_the_points() -> None:
    assert slope([MemorySample(minute, 70 + 2 * minute) for minute in (0.0, 1.0, 3.0)]) == pytest.approx(2.0)
    assert slope([MemorySample(1.0, 70.0)]) == 0.0


def _turn(repetition: int, subject: str, took: list[float], sent: int) -> ReactionTurn:
    measured = LoadResult(sent=sent, others=0, latencies_us=took, late_us=[0.0], seconds=1.0, samples=[], strange=0)
    return ReactionTurn.of(0.0, repetition, 50.0, subject, measured, 1.0, 1.0)


def test_ratios_are_the_median_of_the_repetitions_and_losses_add_up() -> None:
    turns = [
        turn
        for repetition, desk in enumerate((100.0, 300.0, 900.0))
        for turn in (_turn(repetition, "signing echo", [100.0], 1), _turn(repetition, "desk", [desk], 2))
    ]
    assert [(ratio.p50, ratio.p99) for ratio in ratios(turns)] == [(3.0, 3.0)]
    assert {row.subject: (row.sent, row.answered, row.lost) for row in rows(turns)} == {
        "signing echo": (3, 3, 0),
        "desk": (6, 3, 3),
    }


def test_a_maker_that_ended_early_is_compared_where_both_were_measured() -> None:
    turns = [_turn(repetition, "desk", [100.0], 1) for repetition in range(3)]
    turns.append(_turn(0, "reference solver", [400.0], 1))
    assert [(ratio.p50, ratio.p99) for ratio in ratios(turns, over="reference solver")] == [(0.25, 0.25)]
    assert ratios(turns, over="py-near") == []


def test_a_public_maker_stands_in_the_table_with_what_it_is_and_how_the_desk_compares() -> None:
    maker = PublicMakerReport(name="reference solver", version="of commit 67b581f", settled=1, samples=3, wrong=["bad"])
    report = ReactionReport(
        turns=[_turn(0, name, [took], 2) for name, took in (("desk", 100.0), ("reference solver", 400.0))],
        cockpit=True,
        life_s=60.0,
        live=1,
        settled=1,
        booked=1,
        deposited=Decimal("0.001"),
        samples=1,
        wrong=[],
        malformed=0,
        unknown=0,
        disarmed="",
        market="BTC/EURe",
        public_makers=[maker],
        missing=["No row for the py-near: it ended"],
    )
    lines = as_text(report).splitlines()
    (row,) = [line.split() for line in lines if line.startswith("    50 reference solver")]
    assert row[3:8] == ["2", "1", "1", "400", "400"]
    assert lines[lines.index("desk / reference solver") + 2] == "    50 p50 0.25  p99 0.25"
    assert "All requests are for BTC/EURe: a constant product has one market." in lines
    assert "reference solver of commit 67b581f: 3 quotes sampled and opened, 1 wrong, 1 settled" in lines
    assert "  bad" in lines
    assert lines[-1] == "No row for the py-near: it ended"
    told = msgspec.json.decode(as_json(report))
    assert told["beside"]["reference solver"][0]["p50"] == 0.25
    assert told["public_makers"][0]["version"] == maker.version


def test_all_requests_are_for_one_market_where_one_is_named() -> None:
    texts = [request(7, index, 0.0, "s", market_name="BTC/EURe") for index in range(8)]
    sides = [msgspec.json.decode(text)["params"]["data"] for text in texts]
    pairs = {(data["defuse_asset_identifier_in"], data["defuse_asset_identifier_out"]) for data in sides}
    assert pairs == {(BTC.token_id, EURE.token_id), (EURE.token_id, BTC.token_id)}


def _answer(**changed: object) -> str:
    signed = Wallet("maker.near", bytes(32)).sign_diff(
        (EURE.token_id, 8), (BTC.token_id, 1), deadline_ns=10**18, salt=bytes(4), random=bytes(15)
    )
    answer = {"quote_id": "q", "quote_output": {"amount_out": "8"}, "signed_data": {**signed.data, **changed}}
    return msgspec.json.encode({"id": 1, "method": "quote_response", "params": [answer]}).decode()


def test_a_good_answer_passes_with_one_amount_or_both() -> None:
    both = _answer().replace('"amount_out":"8"', '"amount_out":"8","amount_in":"1"')
    assert wrong_answers([_answer(), both], "maker.near") == []


@pytest.mark.parametrize(
    ("sample", "account", "problem"),
    [
        (_answer(), "other.near", "signed for maker.near"),
        (_answer(signature="ed25519:" + "1" * 64), "maker.near", "invalid signature"),
        (_answer().replace('"amount_out":"8"', '"amount_out":"9"'), "maker.near", "amount_out is 9"),
        (_answer().replace('"amount_out":"8"', '"amount_out":"8","amount_in":"2"'), "maker.near", "amount_in is 2"),
        (_answer().replace('"amount_out":"8"', ""), "maker.near", "the amount is missing"),
        (_answer().replace("quote_output", "output"), "maker.near", "missing required field"),
    ],
)
def test_a_wrong_answer_is_reported(sample: str, account: str, problem: str) -> None:
    (reported,) = wrong_answers([sample], account)
    assert problem in reported
