"""`cockpit check`: what it prints and its exit codes, without a desk that runs."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.cli.check import as_text, outcome_of, summary
from cockpit.cli.messages import NO_SANDBOX
from cockpit.desk.metrics.messages import port_taken
from cockpit.model.snapshot import InterlockRow, MetricsState, Snapshot
from cockpit.model.trading_figures.market_requests import MarketRequestsRow, TokenRow
from cockpit.processes.check_desk import is_green
from tests.support.cockpit.samples import alarms, snapshot
from tests.support.processes.command import GOOD, env_file, run


def row(ident: str, passed: bool = True) -> InterlockRow:
    remedy = "" if passed else f"see to the {ident}"
    return InterlockRow(
        ident=ident, rung="LIVE", name=f"the {ident}", passed=passed, measured="so", wanted="other", remedy=remedy
    )


def shown(*rows: InterlockRow) -> Snapshot:
    return msgspec.structs.replace(snapshot(), interlocks=rows)


def test_a_failed_interlock_is_shown_with_its_remedy_and_decides() -> None:
    shot = shown(row("reference"), row("disk", passed=False))
    assert not is_green(shot)
    checked = outcome_of(shot)
    assert [line.verdict for line in checked.lines] == ["green", "red"]
    text = as_text(checked)
    assert "→ see to the disk" in text
    assert "wanted: other" in text
    assert text.endswith(summary(checked))
    assert "1 interlock fails" in text


def test_a_warning_is_shown_with_what_to_do_and_closes_nothing() -> None:
    warned = msgspec.structs.replace(row("token"), warning=True, remedy="order another one")
    shot = shown(row("reference"), warned)
    assert is_green(shot)
    checked = outcome_of(shot)
    assert [line.verdict for line in checked.lines] == ["green", "warning"]
    text = as_text(checked)
    assert "LIVE   the token      so; wanted: other" in text
    assert "→ order another one" in text
    assert text.endswith("all interlocks pass, 1 with a warning")


def test_every_alarm_of_the_venue_is_listed() -> None:
    shot = msgspec.structs.replace(shown(row("reference")), alarms=msgspec.structs.replace(alarms(), more=7))
    checked = outcome_of(shot)
    lines = as_text(checked).splitlines()
    assert lines[2:8] == [
        "✗ SHIELD: chain gnosis [b]x[/b] (touches us)",
        *["· SHIELD: chain sol (touches others only)"] * 4,
        "· and 7 more",
    ]
    assert checked.alarms.sources[0].age_ms == 12_000


@pytest.mark.parametrize("ident", ["strategy", "shadow"])
def test_what_only_arming_turns_green_is_not_yet_and_decides_nothing(ident: str) -> None:
    shot = shown(row("reference"), row(ident, passed=False))
    assert is_green(shot)
    text = as_text(outcome_of(shot))
    assert "not yet: so" in text
    assert "all interlocks pass; the remaining one turns green when you arm" in text


def test_an_empty_list_is_not_green() -> None:
    assert not is_green(shown())
    assert not is_green(shown(row("strategy")))


def test_invalid_settings_exit_with_2_and_start_nothing(short_dir: Path) -> None:
    ran = run("check", cwd=short_dir, environ={"NEAR_INTENTS_ACCOUNT_ID": "maker.near"})
    assert ran.returncode == 2
    assert "NEAR_INTENTS_API_KEY is missing" in ran.stderr
    assert ran.stdout == ""
    assert not (short_dir / "state").exists()


def test_without_a_running_sandbox_it_is_refused(short_dir: Path) -> None:
    ran = run("check", "--sandbox", cwd=short_dir)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert NO_SANDBOX in ran.stderr


def test_an_unreachable_venue_is_red_and_the_desk_ends_in_order(short_dir: Path) -> None:
    ran = run("check", "--json", "--within", "0.5", "--env-file", str(env_file(short_dir, GOOD)), cwd=short_dir)
    assert ran.returncode == 1, ran.stderr
    checked: dict[str, Any] = json.loads(ran.stdout)
    verdicts = {line["ident"]: line["verdict"] for line in checked["lines"]}
    assert checked["green"] is False
    assert (checked["rung"], checked["mode"]) == ("SAFE", "SANDBOX")
    assert {verdicts[name] for name in ("reference", "funds", "balances", "relay", "salt", "key")} == {"red"}
    assert {verdicts[name] for name in ("history", "limits", "disk")} == {"green"}
    assert {verdicts[name] for name in ("strategy", "shadow")} == {"not yet"}
    with closing(sqlite3.connect(short_dir / "state" / "history.sqlite")) as db:
        assert db.execute("SELECT COUNT(*) FROM runs WHERE ended_ns IS NOT NULL").fetchall() == [(1,)]
        assert db.execute("SELECT actor, command FROM operator_actions").fetchall() == [("check", "start")]
    assert list((short_dir / "state").glob("*.sock")) == []


def test_it_names_tokens_with_their_way_out_markets_requests_and_a_stage() -> None:
    shot = msgspec.structs.replace(
        shown(row("reference")),
        stage="stage staging-intents.near, by /etc/markets.toml",
        tokens=(token("BTC", "poa", quoted=False), token("nBTC", "omni")),
        markets=("nBTC/EURe",),
        demand_by_market=(MarketRequestsRow(market="nBTC/EURe", buys_in_hour=30, sells_in_hour=11, buys=99, sells=99),),
        demand_ms=20_000,
    )
    assert as_text(outcome_of(shot)).splitlines()[-6:-1] == [
        "stage staging-intents.near, by /etc/markets.toml",
        "token BTC   BTC, leaves to btc:mainnet by poa; no market quotes it",
        "token nBTC  BTC, leaves to btc:mainnet by omni",
        "markets nBTC/EURe",
        "requests in 20s nBTC/EURe 41 (buy 30, sell 11) · other pairs 1,080",
    ]


def token(symbol: str, bridge: str, quoted: bool = True) -> TokenRow:
    return TokenRow(
        symbol=symbol, underlying="BTC", token_id=f"nep141:{symbol}", chain="btc:mainnet", bridge=bridge, quoted=quoted
    )


@pytest.mark.parametrize(
    ("metrics", "line"),
    [
        (MetricsState(), "metrics at /metrics of the socket; METRICS_ADDRESS serves them on a port"),
        (
            MetricsState(address="http://127.0.0.1:9464/metrics", state="ok"),
            "metrics at http://127.0.0.1:9464/metrics and /metrics of the socket",
        ),
        (
            MetricsState(address="http://127.0.0.1:9464/metrics", state="down", problem=port_taken("127.0.0.1:9464")),
            "! metrics at /metrics of the socket only: 127.0.0.1:9464 is taken by another program; free it, or set "
            "METRICS_ADDRESS to another port",
        ),
    ],
)
def test_it_says_where_the_metrics_are_served(metrics: MetricsState, line: str) -> None:
    checked = outcome_of(msgspec.structs.replace(shown(row("reference")), metrics=metrics))
    assert line in as_text(checked).splitlines()
    assert checked.metrics == metrics
