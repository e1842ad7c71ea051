"""A scenario as what happens when: for a venue to do, and for a person to read before."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.alarms import AlarmOrder
from venue.sandbox.base.faults import Faults
from venue.sandbox.bridges.pace import BridgePace
from venue.sandbox.flow.changes.price_moves import PriceMove
from venue.sandbox.flow.guests import AccountOrder
from venue.sandbox.scenario.asks import AskOrder
from venue.sandbox.scenario.model import Scenario, ScenarioStep

TRAVEL = "live solvers then see “deadline is too early”, and a desk finds its clock behind"
"""What moving the venue's time forward means to whoever signs by a clock of their own."""


class Stage(Protocol):
    """What a scenario does to a venue. Each may raise ValueError."""

    def apply_faults(self, body: dict[str, object]) -> None: ...

    def forward(self, by_ns: int) -> int: ...

    def run_traders(self, running: bool) -> None: ...

    def open_account(self, order: AccountOrder) -> object: ...

    def change_alarms(self, order: AlarmOrder) -> None: ...

    def set_bridge_pace(self, pace: BridgePace) -> None: ...

    def ask(self, order: AskOrder) -> None: ...

    def end(self) -> None: ...


Act = Callable[[Stage], object]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """``at_ns`` after the traders started; ``act`` is None for what is a matter of the price path and the schedule."""

    at_ns: int
    text: str
    act: Act | None = None


def price_moves(scenario: Scenario) -> tuple[PriceMove, ...]:
    """Return the moves of the price in the market's time."""
    return tuple(
        PriceMove(
            at_ns=scenario.market_ns(step.at_ns),
            over_ns=round(step.price.over_s * NS_PER_S),
            bps=step.price.bps,
            to=step.price.to,
        )
        for step in scenario.steps
        if step.price is not None
    )


def events(scenario: Scenario) -> tuple[Event, ...]:
    """Return everything that happens, in its order."""
    found = [event for step in scenario.steps for event in _events(step)]
    # Stable: what a step starts comes in the order of the file, and after what ends at the same time.
    return tuple(sorted(found, key=lambda event: event.at_ns))


def described(scenario: Scenario) -> Iterator[str]:
    """Yield the lines that tell a person what the scenario would do."""
    header = scenario.header
    yield f"{header.name}: {header.about}" if header.about else header.name
    yield f"seed {header.seed}, {header.duration_s:g} s, {len(scenario.steps)} steps"
    if scenario.venue:
        yield "venue: " + _pairs(scenario.venue)
    for event in events(scenario):
        yield f"{_clock(event.at_ns):>10}  {event.text}"
    yield f"{_clock(scenario.duration_ns):>10}  the scenario is over; the venue runs on"


def _events(step: ScenarioStep) -> Iterator[Event]:
    def event(text: str, act: Act | None = None, at_ns: int = step.at_ns) -> Event:
        return Event(at_ns=at_ns, text=text, act=act)

    if step.note:
        yield event(f"# {step.note}")
    if step.price is not None:
        yield event(price_text(step))
    if step.flow is not None:
        yield event("flow " + _pairs(step.flow))
    if step.faults is not None:
        yield from _faults(step, step.faults)
    for name, order in (("deposit", step.deposit), ("gift", step.gift), ("rotate_salt", step.rotate_salt)):
        if order is not None:
            shown = _fields(order) if isinstance(order, msgspec.Struct) else str(order)
            yield event(f"{name} {shown}", _once(name, order))
    if (account := step.account) is not None:
        yield event(f"account {account.account}", lambda stage: stage.open_account(account))
    if (bridge := step.bridge) is not None:
        yield event(f"bridge {_fields(bridge) or 'as usual'}", lambda stage: stage.set_bridge_pace(bridge))
    if (alarm := step.alarm) is not None:
        yield event(f"alarm {_fields(alarm)}", lambda stage: stage.change_alarms(alarm))
    if (forward_s := step.forward_s) is not None:
        by_ns = round(forward_s * NS_PER_S)
        yield event(f"time forward by {forward_s:g} s: {TRAVEL}", lambda stage: stage.forward(by_ns))
    if (traders := step.traders) is not None:
        yield event(f"traders {traders}", lambda stage: stage.run_traders(traders == "run"))
    if (ask := step.ask) is not None:
        yield event(ask.text(), lambda stage: stage.ask(ask))
    if step.end:
        yield event("the venue ends", lambda stage: stage.end())


def _faults(step: ScenarioStep, body: dict[str, object]) -> Iterator[Event]:
    lasts = "" if step.for_s is None else f" for {step.for_s:g} s"
    yield Event(at_ns=step.at_ns, text=f"faults {_pairs(body)}{lasts}", act=lambda stage: stage.apply_faults(body))
    if step.for_s is None:
        return
    usual: dict[str, Any] = msgspec.to_builtins(Faults())
    over: dict[str, object] = {name: usual[name] for name in body if name in usual}
    ends_ns = step.at_ns + round(step.for_s * NS_PER_S)
    yield Event(at_ns=ends_ns, text=f"faults {_pairs(over)}", act=lambda stage: stage.apply_faults(over))


def _once(name: str, order: object) -> Act:
    body: dict[str, object] = {name: msgspec.to_builtins(order)}
    return lambda stage: stage.apply_faults(body)


def price_text(step: ScenarioStep) -> str:
    price = step.price
    assert price is not None
    how = f"to {price.to} EUR" if price.to is not None else f"by {price.bps} bps"
    return f"price {how}" + (f" over {price.over_s:g} s" if price.over_s else " at once")


def _pairs(values: Any) -> str:
    return ", ".join(f"{name}={_shown(value)}" for name, value in values.items())


def _fields(value: msgspec.Struct) -> str:
    """Return what differs from the usual."""
    given = {
        field.encode_name: getattr(value, field.name)
        for field in msgspec.structs.fields(value)
        if getattr(value, field.name) != field.default
    }
    return _pairs(given)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, msgspec.Struct):
        return f"({_fields(value)})"
    return msgspec.json.encode(value, enc_hook=str).decode()


def _clock(at_ns: int) -> str:
    seconds, rest = divmod(at_ns, NS_PER_S)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    whole = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{whole}.{rest // 1_000_000:03}" if rest else whole
