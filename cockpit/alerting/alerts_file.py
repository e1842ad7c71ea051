"""Reads ``alerts.toml``: every problem is named, and none of them quotes a URL."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, time, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cockpit.alerting.errors import AlertsFileError
from cockpit.alerting.messages import NO_FILE
from cockpit.alerting.quiet_hours import QuietHours
from cockpit.alerting.rules import AlertRules, DigestPlan, Rule
from cockpit.config.owned_file import read_owned
from cockpit.config.secret import Secret
from cockpit.config.toml_row import TomlRow, printable
from cockpit.model.alerts.alert import ALERT_KINDS, SEVERITIES, AlertKind, Severity

MAX_BYTES = 64 * 1024
MAX_TARGETS = 16
MAX_RULES = 32
MAX_URL = 2_000
MS_PER_MIN = 60_000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}")
_KEYS = ("timezone", "targets", "rules", "digest")
_RULE_KEYS = (
    "name",
    "to",
    "events",
    "severity",
    "fill_over_eure",
    "repeat_min",
    "quiet",
    "quiet_lets",
    "escalate_to",
    "escalate_min",
)


def read_rules(path: Path) -> AlertRules:
    """Read the file unless others may read it, too. Raises AlertsFileError with every problem."""
    file = read_owned(path, others_may="nothing", max_bytes=MAX_BYTES)
    if file.text is None:
        raise AlertsFileError((file.problem or f"{path}: {NO_FILE}",))
    return parse_rules(file.text, str(path))


def parse_rules(text: str, path: str = "alerts.toml") -> AlertRules:
    """Return what the text says. Raises AlertsFileError."""
    try:
        given = tomllib.loads(text)
    except RecursionError:
        raise AlertsFileError((f"{path}: it is nested too deeply",)) from None
    except ValueError as error:
        # The message may quote a line, and a line may hold a URL: only the place is told.
        place = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        where = f" at {place.group(1)}" if place else ""
        raise AlertsFileError((f"{path}: it is not TOML{where}",)) from None
    file = _AlertsFile(given)
    if file.problems:
        raise AlertsFileError(tuple(f"{path}: {problem}" for problem in dict.fromkeys(file.problems)))
    return AlertRules(targets=file.targets, rules=file.rules, digest=file.digest)


class _AlertsFile:
    """One file's content, read once; what is wrong with it is in ``problems``."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.problems: list[str] = []
        top = TomlRow("the file", given, self.problems)
        top.refuse_unknown(_KEYS)
        self._zone = self._read_zone(top)
        self.targets = self._read_targets(given.get("targets", {}))
        self.rules = tuple(self._read_rule(number, row) for number, row in enumerate(self._rule_rows(given), 1))
        names = [rule.name for rule in self.rules]
        self.problems += [
            f"there are two rules named {name}; name each once" for name in names if names.count(name) > 1
        ]
        self.digest = self._read_digest(given["digest"]) if "digest" in given else None
        if not self.rules and self.digest is None:
            self.problems.append("it has no [[rules]] and no [digest], so nobody would be told anything")

    def _read_zone(self, top: TomlRow) -> tzinfo:
        name = top.values.get("timezone", "UTC")
        if name == "UTC":
            return UTC
        try:
            if not isinstance(name, str) or not _ZONE.fullmatch(name):
                raise ValueError(name)
            return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            top.problem("timezone", "expected UTC or a zone of this machine's time zone database, as Europe/Berlin")
            return UTC

    def _read_targets(self, given: object) -> dict[str, Secret]:
        if not isinstance(given, dict) or not all(isinstance(row, dict) for row in given.values()):
            self.problems.append("targets: expected sections [targets.NAME], each with a url")
            return {}
        if len(given) > MAX_TARGETS:
            self.problems.append(f"targets: expected at most {MAX_TARGETS}, found {len(given)}")
        found = {}
        for name, values in given.items():
            row = TomlRow(f"[targets.{printable(name)}]", values, self.problems)
            row.refuse_unknown(("url",))
            if not _NAME.fullmatch(name):
                self.problems.append(
                    f"targets: {printable(name)}: expected a name of 1 to 32 letters, digits, - and _, a letter first"
                )
                continue
            url = values.get("url")
            if not isinstance(url, str) or not 1 <= len(url) <= MAX_URL or not url.isprintable() or "://" not in url:
                row.problem("url", f"expected a URL of apprise, at most {MAX_URL} characters")
                continue
            found[name] = Secret(url)
        return found

    def _rule_rows(self, given: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        rows = given.get("rules", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.problems.append("rules: expected sections [[rules]]")
            return ()
        if len(rows) > MAX_RULES:
            self.problems.append(f"rules: expected at most {MAX_RULES} sections, found {len(rows)}")
            return ()
        return rows

    def _read_rule(self, number: int, values: Mapping[str, Any]) -> Rule:
        row = TomlRow(f"[[rules]] {number}", values, self.problems)
        row.refuse_unknown(_RULE_KEYS)
        name = values.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            row.problem("name", "expected 1 to 32 letters, digits, - and _, a letter first")
            name = f"rule-{number}"
        row.where = f"[[rules]] {name}"
        fill_over = values.get("fill_over_eure", 0)
        if isinstance(fill_over, bool) or not isinstance(fill_over, int | float) or not 0 <= fill_over <= 10**9:
            row.problem("fill_over_eure", "expected an amount of EURe from 0 to 1000000000")
            fill_over = 0
        escalate_to = self._names(row, "escalate_to", ())
        return Rule(
            name=name,
            to=self._names(row, "to", None),
            kinds=self._kinds(row),
            severity=self._severity(row, "severity", "info"),
            fill_over=Decimal(str(fill_over)),
            repeat_ms=(row.whole("repeat_min", 0, 1_440, 10) or 0) * MS_PER_MIN,
            quiet=self._quiet(row),
            quiet_lets=self._severity(row, "quiet_lets", "critical"),
            escalate_to=escalate_to,
            escalate_ms=(row.whole("escalate_min", 1, 1_440, 15) or 15) * MS_PER_MIN,
        )

    def _names(self, row: TomlRow, key: str, default: tuple[str, ...] | None) -> tuple[str, ...]:
        given = row.values.get(key)
        if given is None and default is not None:
            return default
        if not isinstance(given, list) or not given or not all(isinstance(name, str) for name in given):
            row.problem(key, "expected a list of names of [targets]")
            return ()
        row_names = tuple(dict.fromkeys(given))
        for name in row_names:
            if name not in self.targets:
                row.problem(key, f"there is no target {printable(name)}; add [targets.{printable(name)}]")
        return row_names

    def _kinds(self, row: TomlRow) -> frozenset[AlertKind]:
        given = row.values.get("events", "all")
        if given == "all":
            return frozenset(ALERT_KINDS)
        found = frozenset(kind for kind in ALERT_KINDS if isinstance(given, list) and kind in given)
        if not isinstance(given, list) or not given or len(found) != len(given):
            row.problem("events", f'expected "all" or a list of {", ".join(ALERT_KINDS)}, each once')
        return found

    def _severity(self, row: TomlRow, key: str, default: Severity) -> Severity:
        given = row.values.get(key, default)
        for severity in SEVERITIES:
            if given == severity:
                return severity
        row.problem(key, f"expected {', '.join(SEVERITIES)}")
        return default

    def _quiet(self, row: TomlRow) -> QuietHours | None:
        given = row.values.get("quiet")
        if given is None:
            return None
        start, _, end = given.partition("-") if isinstance(given, str) else ("", "", "")
        from_time, until = _clock(start), _clock(end)
        if from_time is None or until is None or from_time == until:
            row.problem("quiet", 'expected two different times such as "23:00-07:00"')
            return None
        return QuietHours(start=from_time, end=until, zone=self._zone)

    def _read_digest(self, given: object) -> DigestPlan | None:
        if not isinstance(given, dict):
            self.problems.append("digest: expected a section [digest]")
            return None
        row = TomlRow("[digest]", given, self.problems)
        row.refuse_unknown(("at", "to"))
        at = _clock(given.get("at", ""))
        to = self._names(row, "to", None)
        if at is None:
            row.problem("at", 'expected a time such as "07:00"')
            return None
        return DigestPlan(at=at, to=to, zone=self._zone)


def _clock(text: object) -> time | None:
    found = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    return None if found is None else time(int(found.group(1)), int(found.group(2)))
