"""A scrape is what the official parsers read, says nothing that is unknown, and never takes back what was counted."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from cockpit.desk.metrics.catalogue import FAMILIES
from cockpit.desk.metrics.exposition import LONGEST_ACCEPT, Encoder, Exposition, negotiated
from cockpit.desk.metrics.family import PREFIX, UNITS
from cockpit.desk.metrics.quotes import OTHER
from cockpit.desk.quote_book.refusals import GONE
from cockpit.desk.quoting.risk_checks import REASONS
from cockpit.model.commands import ARMABLE
from cockpit.model.giving_way import TURNS
from tests.support.desk.desk_harness import HELD, DeskHarness, World
from tests.support.desk.metrics import OPEN_METRICS, Samples, exposition, parsed, samples, samples_of, scraped
from tests.support.desk.quoting_harness import SECRET
from venue.protocol.tokens import BTC, EURE

FORMS = ("", "text/plain;version=0.0.4", OPEN_METRICS, "*/*")
COUNTED = ("_total", "_bucket", "_count", "_sum")


async def ready() -> DeskHarness:
    desk = DeskHarness(World())
    await desk.start()
    for part in ARMABLE:
        desk.trading.arming.arm(part, "test", ())
    return desk


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((f"{PREFIX}{name}", tuple(sorted(labels.items()))))


@pytest.mark.parametrize("accept", FORMS)
async def test_the_official_parsers_read_what_every_metric_says(accept: str) -> None:
    desk = await ready()
    await desk.ask("1", "buy", amount_in=10_000)
    text, (_, content_type) = scraped(desk, accept).decode(), negotiated(accept)
    families = {family.name: family for family in parsed(text, content_type)}
    assert text.endswith("# EOF\n") == (accept == OPEN_METRICS)
    for family in FAMILIES:
        stem = family.name.removesuffix("_total").removesuffix("_info")
        found = families.get(stem) or families[family.name]
        assert found.documentation == family.about
        assert text.count(f"# TYPE {found.name} ") + text.count(f"# TYPE {family.name} ") in (1, 2)
        for sample in found.samples:
            assert sample.name in family.sample_names, sample
            assert set(sample.labels) == set(family.sample_labels) - (
                set() if sample.name.endswith("_bucket") or family.kind != "histogram" else {"le"}
            )
    await desk.end(clean=True)


async def test_both_forms_say_the_same() -> None:
    desk = await ready()
    await desk.ask("1", "sell", amount_in=10**18)
    plain = samples_of(parsed(scraped(desk).decode(), ""))
    strict = samples(desk)
    apart = {name for name, _ in plain if name.startswith("process_")}
    assert {key: one for key, one in plain.items() if key[0] not in apart} == {
        key: one for key, one in strict.items() if key[0] not in apart
    }
    assert apart >= {"process_resident_memory_bytes", "process_cpu_seconds_total"}
    await desk.end(clean=True)


def test_names_follow_the_conventions() -> None:
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names)
    for family in FAMILIES:
        assert re.fullmatch(r"(near_cockpit|process)_[a-z][a-z_]*", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter")
        assert family.name.endswith("_info") == (family.kind == "info")
        assert family.kind != "histogram" or family.name.endswith("_seconds")
        assert not re.search(r"_(ms|us|ns|bps|percent|minutes|hours)(_|$)", family.name), "base units only"
        assert family.about.endswith(".")
        assert all(re.fullmatch(r"[a-z_]+", label) for label in family.labels)
        assert "le" not in family.labels
    assert {"seconds", "ratio"} < set(UNITS)


async def test_what_is_unknown_is_absent_and_not_zero() -> None:
    desk = DeskHarness(World())
    found = samples(desk)
    unknown = (
        *("mid_eure", "btc_share_ratio", "inventory_value_eure", "committed_eure", "signed_eure", "option_value_eure"),
        *("volatility_ratio", "operator_sign_age_seconds"),
    )
    assert [name for name in unknown if value(found, name) is not None] == []
    nobody = (
        *("balance_tokens", "available_tokens", "unexplained_tokens", "pending_deposit_tokens", "own_price_eure"),
        *("markout_ratio", "trading_pnl_eure", "inventory_revaluation_eure", "source_mid_eur"),
    )
    assert [key for key in found if key[0] in {f"{PREFIX}{name}" for name in nobody}] == []
    assert value(found, "source_age_seconds", source="balances") is None
    assert value(found, "source_age_seconds", source="relay") is None
    assert value(found, "limit_used_ratio", limit="max_promised_eure") is None
    assert value(found, "span_fills", span="today") is None, "history has not told"
    assert value(found, "limit_eure", limit="max_option_eure") is None, "there is none"
    # What is counted is known from the start, so that a rate of it is, too.
    assert value(found, "quotes_sent_total") == 0
    assert value(found, "decisions_total", reason="quote") == 0
    await desk.end(clean=False)


async def test_what_a_fill_leaves_is_shown() -> None:
    desk = await ready()
    world = desk.world
    assert await desk.ask("1", "buy", amount_in=10_000)
    (quote,) = world.signed
    desk.reply(quote, None)
    live = samples(desk)
    assert value(live, "signed_quotes", state="live") == 1
    assert value(live, "committed_tokens", token="EURe") == pytest.approx(quote.amount_out / 10**18)
    assert value(live, "limit_used_ratio", limit="max_promised_eure") == pytest.approx(
        quote.amount_out / 10**18 / float(desk.trading.limits.current.max_promised_eure)
    )
    await desk.pass_ms(3_000)
    tx_hash = world.settle(quote)
    assert tx_hash
    desk.claim(quote, tx_hash)
    await desk.pass_ms(2_000)
    await desk.read()
    found = samples(desk)
    assert value(found, "fills_total", market="BTC/EURe", side="buy") == 1
    assert value(found, "filled_eure_total", market="BTC/EURe", side="buy") == pytest.approx(quote.amount_out / 10**18)
    assert value(found, "balance_tokens", token="BTC") == pytest.approx((HELD[BTC.token_id] + 10_000) / 10**8)
    assert value(found, "balance_tokens", token="EURe") == pytest.approx(
        (HELD[EURE.token_id] - quote.amount_out) / 10**18
    )
    assert value(found, "quote_to_fill_seconds_count") == 1
    assert value(found, "quote_to_fill_seconds_sum") == pytest.approx(3, abs=1)
    assert value(found, "fill_booking_seconds_count") == 1
    assert value(found, "signed_quotes", state="live") == 0
    assert value(found, "quote_outcomes_total", outcome="settled") == 1
    assert [value(found, "reaction_seconds_count", stage=stage) for stage in ("read", "sign", "total")] == [1, 1, 1]
    assert value(found, "rung", near_cockpit_rung="LIVE") == 1
    assert value(found, "rung", near_cockpit_rung="SAFE") == 0
    await desk.end(clean=True)


async def test_a_request_that_is_not_quoted_counts_by_its_reason_and_has_two_stages() -> None:
    desk = await ready()
    desk.trading.arming.disarm("trade-executor", "test")
    assert not await desk.ask("1", "buy", amount_in=10_000)
    found = samples(desk)
    assert value(found, "decisions_total", reason="executor_armed") == 1
    assert value(found, "decisions_total", reason=OTHER) == 0
    assert [value(found, "reaction_seconds_count", stage=stage) for stage in ("read", "decide", "sign")] == [1, 1, 0]
    assert set(desk.trading.engine.reasons) <= set(REASONS)
    desk.trading.engine.reasons["a reason of another version"] += 2
    assert value(samples(desk), "decisions_total", reason=OTHER) == 2
    await desk.end(clean=True)


async def test_nothing_that_was_counted_is_ever_taken_back() -> None:
    desk = await ready()
    world, chance = desk.world, random.Random(4)
    before = samples(desk)
    seen: Counter[str] = Counter()
    for number in range(25):
        step = chance.choice(["ask", "ask", "ask", "ask", "refuse", "lose", "settle", "pass", "answer", "restrict"])
        unanswered = [one for one in world.signed if not one.answered]
        if step == "ask":
            side = chance.choice(["buy", "sell"])
            await desk.ask(f"q-{number}", side, amount_in=1_000 if side == "buy" else 10**18)
        elif step in ("refuse", "answer") and unanswered:
            one = chance.choice(unanswered)
            one.answered = True
            desk.reply(one, GONE if step == "refuse" else None)
        elif step == "lose":
            desk.disconnect()
            desk.connect()
        elif step == "settle" and (open_ones := world.could_settle()):
            one = chance.choice(open_ones)
            if tx_hash := world.settle(one):
                desk.claim(one, tx_hash)
        elif step == "restrict":
            await desk.read()
        await desk.pass_ms(chance.choice([0, 500, 4_000]))
        seen[step] += 1
        now = samples(desk)
        fallen = {
            key: (one, now.get(key)) for key, one in before.items() if _counted(key[0]) and now.get(key, -1) < one
        }
        assert fallen == {}, (step, number)
        before = now
    assert len(seen) == 7
    assert (value(before, "quotes_sent_total") or 0) > 3
    await desk.end(clean=True)


def _counted(name: str) -> bool:
    return name.endswith(COUNTED)


async def test_a_quote_that_was_refused_and_taken_all_the_same_lowers_no_count() -> None:
    desk = await ready()
    await desk.ask("1", "buy", amount_in=10_000)
    (quote,) = desk.world.signed
    desk.reply(quote, GONE)
    assert value(samples(desk), "quote_outcomes_total", outcome="refused") == 1
    assert value(samples(desk), "signed_quotes", state="refused") == 1
    tx_hash = desk.world.settle(quote)
    assert tx_hash
    desk.claim(quote, tx_hash)
    found = samples(desk)
    assert desk.trading.book.counters["refused"] == 0, "the screen counts it by its last outcome"
    assert value(found, "refused_yet_taken_total") == 1
    assert value(found, "quote_outcomes_total", outcome="refused") == 1
    await desk.end(clean=True)


async def test_no_text_of_a_peer_becomes_a_label_and_no_secret_is_in_a_scrape() -> None:
    desk = await ready()
    before = {name for name in samples(desk) if name[0].startswith(PREFIX)}
    relay, engine, evil = desk.trading.relay, desk.trading.engine, 'evil\\n"} 1\nprocess_evil 1'
    for raw in (
        b"not JSON",
        b"[" * 10_000,
        (
            '{"jsonrpc":"2.0","method":"event","params":{"subscription":"'
            + evil.replace('"', "").replace("\n", "")
            + '"}}'
        ).encode(),
        b'{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"evil"}}',
    ):
        relay._on_message(engine, raw)
    await desk.ask("evil\u202eid", "buy", amount_in=10_000)
    desk.trading.relay.counters[evil] += 1
    text = scraped(desk, OPEN_METRICS).decode()
    assert "evil" not in text
    after = {name for name in samples(desk) if name[0].startswith(PREFIX)}
    assert {name for name, _ in after} >= {name for name, _ in before}
    known = {name: family.sample_labels for family in FAMILIES for name in family.sample_names}
    assert all(name in known for name, _ in after)
    for secret in (SECRET, SECRET.removeprefix("ed25519:"), "token-in-one-word", desk.settings.api_key.reveal()):
        assert secret not in text
    await desk.end(clean=True)


async def test_many_who_ask_at_once_get_one_text() -> None:
    desk = await ready()
    made = exposition(desk)
    texts = await asyncio.gather(*(made.text("") for _ in range(50)))
    assert all(one is texts[0] for one in texts)
    other = await made.text(OPEN_METRICS)
    assert other.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert texts[0].content_type.startswith("text/plain; version=0.0.4")
    await desk.end(clean=True)


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text;version=nonsense",
        "application/openmetrics-text;version=",
        "text/plain;version=9.9.9.9;escaping=\r\nSet-Cookie: x",
        "é",
        "x" * (LONGEST_ACCEPT + 1),
        ",;,;=,",
    ],
)
def test_a_header_that_cannot_be_read_asks_for_the_plain_form_or_one_that_exists(accept: str) -> None:
    _, content_type = negotiated(accept)
    assert content_type.isprintable()
    assert content_type.startswith(("text/plain; version=", "application/openmetrics-text; version="))


async def test_the_stages_are_noted_only_after_the_quote_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = await ready()
    times, engine = desk.trading.executor.times, desk.trading.engine
    noted: list[int] = []
    send = desk.line.send

    def sending(frame: bytes) -> None:
        histograms = (times.read, times.decide, times.sign, times.send, times.total, engine.transit)
        noted.append(sum(sum(one.counts) for one in histograms))
        send(frame)

    monkeypatch.setattr(desk.line, "send", sending)
    assert await desk.ask("1", "buy", amount_in=10_000)
    assert noted == [0]
    assert sum(times.total.counts) == 1
    await desk.end(clean=True)


async def test_requests_are_answered_for_some_turns_between_two_slices_of_a_scrape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = await ready()
    scrapes, turns, at = exposition(desk), 0, list[int]()

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def noted(encoder: Encoder) -> Iterator[bytes]:
        for part in Exposition.slices(scrapes, encoder):
            at.append(turns)
            yield part

    monkeypatch.setattr(scrapes, "slices", noted)
    turning = asyncio.create_task(turn())
    await scrapes.text("")
    turning.cancel()
    assert len(at) > 100
    assert min(later - before for before, later in pairwise(at)) >= TURNS
    await desk.end(clean=True)
