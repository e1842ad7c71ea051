"""The file of alerts: what it may say, and that no problem quotes a URL."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.alerting.alerts_file import parse_rules, read_rules
from cockpit.alerting.errors import AlertsFileError

URL = "tgram://123:hunter2/chat"
GOOD = f"""
timezone = "Europe/Berlin"

[targets.phone]
url = "{URL}"

[targets.mail]
url = "mailtos://user:hunter2@example.org"

[[rules]]
name = "night"
to = ["phone"]
events = ["disarm", "fault", "fill"]
severity = "warning"
fill_over_eure = 100.5
repeat_min = 5
quiet = "23:00-07:00"
quiet_lets = "critical"
escalate_to = ["mail"]
escalate_min = 20

[digest]
at = "07:00"
to = ["mail"]
"""


def test_everything_that_the_file_says_is_read() -> None:
    found = parse_rules(GOOD)
    (rule,) = found.rules
    assert (rule.name, rule.to, rule.escalate_to, rule.escalate_ms) == ("night", ("phone",), ("mail",), 1_200_000)
    assert (rule.kinds, rule.severity) == (frozenset(("disarm", "fault", "fill")), "warning")
    assert (rule.fill_over, rule.repeat_ms) == (Decimal("100.5"), 300_000)
    assert rule.quiet is not None
    assert (rule.quiet.start, str(rule.quiet.zone)) == (time(23), "Europe/Berlin")
    assert found.digest is not None
    assert (found.digest.at, found.digest.to) == (time(7), ("mail",))
    assert found.targets["phone"].reveal() == URL


def test_a_rule_of_the_fewest_words_takes_everything() -> None:
    (rule,) = parse_rules(f'[targets.a]\nurl = "{URL}"\n[[rules]]\nname = "all"\nto = ["a"]').rules
    assert (rule.severity, len(rule.kinds), rule.quiet, rule.escalate_to) == ("info", 14, None, ())


BAD = (
    ('timezone = "Mars/Olympus"', "timezone"),
    ('timezone = "../../etc/passwd"', "timezone"),
    ('colour = "red"', "colour"),
    ('[targets."a b"]\nurl = "x://y"', "targets"),
    ("[targets.x]", "url"),
    ('[targets.x]\nurl = "hunter2"', "url"),
    ('[targets.x]\nurl = "json://hunter2"\ntoken = "hunter2"', "token"),
    ('[[rules]]\nname = "r"', "to"),
    ('[[rules]]\nname = "r"\nto = ["nobody"]', "nobody"),
    ('[[rules]]\nname = "r"\nto = ["x"]\nevents = ["quake"]', "events"),
    ('[[rules]]\nname = "r"\nto = ["x"]\nseverity = "loud"', "severity"),
    ('[[rules]]\nname = "r"\nto = ["x"]\nquiet = "23-7"', "quiet"),
    ('[[rules]]\nname = "r"\nto = ["x"]\nrepeat_min = -1', "repeat_min"),
    ('[[rules]]\nname = "r"\nto = ["x"]\nfill_over_eure = nan', "fill_over_eure"),
    ('[digest]\nat = "25:00"\nto = ["x"]', "at"),
    ("rules = 3", "rules"),
    ("targets = 3", "targets"),
    ("digest = 3", "digest"),
    ("", "nobody would be told"),
    ('url = "json://hunter2', "not TOML"),
)


@pytest.mark.parametrize(("text", "named"), BAD)
def test_a_problem_names_its_place_and_never_a_url(text: str, named: str) -> None:
    with pytest.raises(AlertsFileError) as raised:
        parse_rules(text)
    assert named in str(raised.value)
    assert "hunter2" not in str(raised.value)


@given(st.integers(0, len(GOOD) - 1), st.characters(codec="utf-8"), st.booleans())
def test_a_damaged_file_is_read_or_refused_and_never_quoted(place: int, letter: str, cut: bool) -> None:
    told = ""
    try:
        parse_rules(GOOD[:place] + letter + ("" if cut else GOOD[place + 1 :]))
    except AlertsFileError as error:
        told = str(error)
    assert "hunter2" not in told


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(GOOD)
    path.chmod(0o644)
    with pytest.raises(AlertsFileError, match="can be read by other users"):
        read_rules(path)
    path.chmod(0o600)
    assert read_rules(path).rules
