"""Reads a scenario from TOML: every wrong entry is named with its line, all of them at once."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.described import checked, unknown
from venue.sandbox.base.fault_values import DepositRequest, Gift, OneTimeFaults
from venue.sandbox.base.faults import Faults, FaultTable
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.guests import AccountOrder, read_opening
from venue.sandbox.scenario.asks import AskOrder, read_order
from venue.sandbox.scenario.errors import ScenarioError
from venue.sandbox.scenario.model import ACTIONS, FLOW, MOST_STEPS, OF_THE_START, Header, Scenario, ScenarioStep
from venue.sandbox.scenario.tables import hints_of, not_finite, read_fields, read_struct, required_of, shown, wanted

READY = Path(__file__).parent / "ready"
"""The scenarios that come with the program."""
MOST_BYTES = 1 << 20
SECTIONS = ("venue", "step")
LASTING = tuple(Faults.__struct_fields__)
ONCE = ("mend", "relay_drop", "bitstamp_reconnect")
"""Faults that happen once and have no entry of their own in a step."""
_OWN_ENTRY = {name: name for name in OneTimeFaults.__struct_fields__ if name not in ONCE}
_STEP = re.compile(r"\s*\[\[\s*step\s*\]\]")
_TABLE = re.compile(r"\s*\[")
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def ready_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in READY.glob("*.toml")))


def load_scenario(named: str, tokens: TokenTable = DEFAULT_TOKENS) -> Scenario:
    """Read a ready scenario by its name, or a file. Raises ScenarioError with all that is wrong."""
    path = Path(named)
    if named in ready_names():
        path = READY / f"{named}.toml"
    elif path.suffix != ".toml" and not path.exists():
        raise ScenarioError([f"{unknown(named, ready_names(), 'ready scenario')}; or name a file"])
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ScenarioError([f"{named} cannot be read: {error.strerror or error}"]) from None
    if len(raw) > MOST_BYTES:
        raise ScenarioError([f"{named} is longer than {MOST_BYTES:,} bytes"])
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ScenarioError([f"{named} is not UTF-8 text"]) from None
    return read_scenario(text, named, tokens)


def read_scenario(text: str, name: str = "scenario", tokens: TokenTable = DEFAULT_TOKENS) -> Scenario:
    """Read and check a scenario; ``name`` is what its problems call it. Raises ScenarioError with all that is wrong."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ScenarioError([f"{name}: {error}"]) from None
    reader = _Reader(name, _Lines(text), tokens)
    found = reader.scenario(document)
    if reader.problems or found is None:
        raise ScenarioError(reader.problems)
    return found


class _Lines:
    """Where the entries of a file stand. TOML's own reader does not say it."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._steps = [number for number, line in enumerate(self._lines) if _STEP.match(line)]

    def of_step(self, index: int, count: int, key: str = "") -> int | None:
        """Return the line of an entry of the step, or that of its start; None where that cannot be told."""
        if len(self._steps) != count:
            return None
        start = self._steps[index]
        end = self._steps[index + 1] if index + 1 < count else len(self._lines)
        return self._find(key, start, end) or start + 1

    def of_header(self, key: str) -> int | None:
        first = next((number for number, line in enumerate(self._lines) if _TABLE.match(line)), len(self._lines))
        return self._find(key, 0, first)

    def _find(self, key: str, start: int, end: int) -> int | None:
        if not key:
            return None
        entry = re.compile(rf"\s*(?:\[\s*step\s*\.\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
        return next((number + 1 for number in range(start, end) if entry.match(self._lines[number])), None)


class _Reader:
    def __init__(self, name: str, lines: _Lines, tokens: TokenTable) -> None:
        self._name = name
        self._lines = lines
        self._tokens = tokens
        self._config = VenueConfig(tokens=tokens)
        self.problems: list[str] = []

    def scenario(self, document: Mapping[str, Any]) -> Scenario | None:
        self.problems += [f"{self._name}: {place} is not a finite number" for place in not_finite(document)]
        if self.problems:
            return None
        header = self._header({name: value for name, value in document.items() if name not in SECTIONS})
        venue = self._venue(document.get("venue", {}))
        given = document.get("step", [])
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            self.problems.append(f"{self._name}: step: expected tables that each start with [[step]]")
            return None
        if not 1 <= len(given) <= MOST_STEPS:
            self.problems.append(f"{self._name}: expected 1 to {MOST_STEPS:,} steps, each [[step]]; got {len(given)}")
            return None
        steps = [(index, step) for index, one in enumerate(given) if (step := self._step(index, one, len(given)))]
        if header is None or self.problems:
            return None
        steps.sort(key=lambda pair: pair[1].at_s)
        found = Scenario(header=header, venue=venue, steps=tuple(step for _, step in steps))
        places = [self._place(index, len(given)) for index, _ in steps]
        self.problems += _contradictions(found, places, self._config)
        return found

    def _header(self, given: Mapping[str, object]) -> Header | None:
        hints = hints_of(Header)
        found: dict[str, Any] = {}
        before = len(self.problems)
        for key, value in given.items():
            problems: list[str] = []
            if key in hints:
                found |= read_fields({key: value}, hints, problems)
            else:
                problems.append(unknown(key, (*hints, *SECTIONS), "entry"))
            line = self._lines.of_header(key)
            self._add(f"{self._name}, line {line}" if line else self._name, problems)
        missing = [key for key in required_of(Header) if key not in given]
        self._add(self._name, [f"{key} is missing: {wanted(hints[key])}" for key in missing])
        return Header(**found) if len(self.problems) == before else None

    def _venue(self, given: object) -> dict[str, object]:
        problems: list[str] = []
        names = [name for name in VenueConfig.__struct_fields__ if name not in OF_THE_START]
        found = _settings(given, names, problems)
        try:
            self._config = msgspec.structs.replace(self._config, **found)
        except ValueError as error:
            problems.append(str(error))
        self._add(f"{self._name}, [venue]", problems)
        return found

    def _step(self, index: int, given: dict[str, Any], count: int) -> ScenarioStep | None:
        before = len(self.problems)
        readers: dict[str, Callable[[Any, list[str]], object]] = {
            "flow": lambda value, problems: _settings(value, FLOW, problems),
            "faults": self._faults,
        }
        hints = hints_of(ScenarioStep)
        found: dict[str, Any] = {}
        for key, value in given.items():
            problems: list[str] = []
            kind = _struct_of(hints.get(key))
            if key in readers:
                found[key] = readers[key](value, problems)
            elif kind is not None:
                found[key] = self._struct(key, kind, value, problems)
            else:
                found |= read_fields({key: value}, hints, problems)
                problems = [problem.removeprefix(f"{key}: ") for problem in problems]
            told = [f"{key}: {problem}" if key in hints else problem for problem in problems]
            self._add(self._place(index, count, key), told)
        place = self._place(index, count)
        if "at_s" not in given:
            self._add(place, [f"at_s is missing: {wanted(hints['at_s'])}"])
        if not any(name in given for name in ACTIONS):
            self._add(place, [f"nothing happens in it; there are {', '.join(ACTIONS)}"])
        if "for_s" in given and "faults" not in given:
            self._add(place, ["for_s: says how long the faults of the step hold, and it has none"])
        return ScenarioStep(**found) if len(self.problems) == before else None

    def _faults(self, given: object, problems: list[str]) -> dict[str, object]:
        if not isinstance(given, dict) or not given:
            problems.append(f"expected a table of faults, such as {{ relay_stall = true }}; got {shown(given)}")
            return {}
        for name, value in given.items():
            if name in _OWN_ENTRY:
                problems.append(f"{name} has an entry of its own in a step: {name} = …")
            elif name not in (*LASTING, *ONCE):
                problems.append(unknown(name, (*LASTING, *ONCE), "fault"))
            else:
                problems += self._refused({name: value})
        return given

    def _struct(self, key: str, kind: type[_Struct], given: object, problems: list[str]) -> _Struct | None:
        found = read_struct(kind, given, problems)
        if found is None:
            return None
        try:
            if isinstance(found, AskOrder):
                read_order(found, self._config.held_tokens)
            elif isinstance(found, AccountOrder):
                read_opening(found, self._config)
            elif isinstance(found, DepositRequest | Gift):
                problems += self._refused({key: given})
        except ValueError as error:
            problems.append(str(error))
        return found

    def _refused(self, body: dict[str, object]) -> list[str]:
        """Return why a venue would refuse these faults."""
        try:
            FaultTable(lambda: 0, self._tokens).apply(body)
        except ValueError as error:
            return [str(error)]
        return []

    def _place(self, index: int, count: int, key: str = "") -> str:
        line = self._lines.of_step(index, count, key)
        return f"{self._name}, {f'line {line}, ' if line else ''}step {index + 1}"

    def _add(self, place: str, problems: list[str]) -> None:
        self.problems += [f"{place}: {problem}" for problem in problems]


def _settings(given: object, names: Sequence[str], problems: list[str]) -> dict[str, object]:
    """Read settings of the venue, of these names only."""
    if not isinstance(given, dict):
        problems.append(f"expected a table of settings, such as {{ {names[0]} = 5 }}; got {shown(given)}")
        return {}
    found: dict[str, object] = {}
    for name, value in given.items():
        if name not in names:
            problems.append(unknown(name, names, "setting here"))
            continue
        try:
            found |= checked(VenueConfig, {name: value}, "setting here")
        except ValueError as error:
            problems.append(str(error))
    return found


def _struct_of(hint: Any) -> type[msgspec.Struct] | None:
    """Return the struct of ``Struct | None``."""
    args = getattr(hint, "__args__", ())
    return next((one for one in args if isinstance(one, type) and issubclass(one, msgspec.Struct)), None)


def _contradictions(scenario: Scenario, places: list[str], config: VenueConfig) -> list[str]:
    """Return what does not fit together, step by step."""
    last_s = scenario.header.duration_s
    problems = []
    moved_ns, ended = 0, False
    holding: dict[str, float] = {}
    for step, place in zip(scenario.steps, places, strict=True):
        if step.at_s > last_s:
            problems.append(f"{place}: at_s {step.at_s:g} is after the end, duration_s {last_s:g}")
        if ended:
            problems.append(f"{place}: an earlier step ends the venue")
        ended = ended or step.end
        if step.price is not None:
            start_ns = scenario.market_ns(step.at_ns)
            if start_ns < moved_ns:
                problems.append(f"{place}: price: the move before it is not over yet")
            moved_ns = max(moved_ns, start_ns + round(step.price.over_s * NS_PER_S))
        for name in step.faults or {}:
            if holding.get(name, -1.0) > step.at_s:
                problems.append(f"{place}: faults: {name} still holds until {holding[name]:g} s from an earlier step")
            if step.for_s is not None and name in LASTING:
                holding[name] = step.at_s + step.for_s
        if step.for_s is not None and step.at_s + step.for_s > last_s:
            problems.append(f"{place}: for_s ends after the scenario, duration_s {last_s:g}")
        if step.for_s is not None and not any(name in LASTING for name in step.faults or {}):
            problems.append(f"{place}: for_s: these faults happen once and do not last")
    for step, place in zip(scenario.steps, places, strict=True):
        try:
            config = msgspec.structs.replace(config, **(step.flow or {}))
        except ValueError as error:
            problems.append(f"{place}: flow: {error}")
    return problems
