"""A replay for a person and for other programs, and the settings it may be given. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError, create_model

from cockpit.config.settings import NAMES, Settings
from cockpit.desk.market.pricing import PriceParams
from cockpit.model.commands import Limits
from cockpit.model.formatting import exact, number, rounded
from cockpit.reports.decision_replay import Changes, Replay, Tally
from cockpit.reports.errors import InvalidChangeError
from cockpit.reports.report_text import table, utc
from venue.protocol.assets import BTC, EURE, EXACT

_LIMITS = {
    "reference_max_age_ms": "max_reference_age_ms",
    "inventory_max_age_ms": "max_inventory_age_ms",
    "quote_max_deadline_ms": "max_deadline_ms",
}
_VIEW = {"quote_deadline_ms": "default_deadline_ms"}
UNKNOWABLE = (
    "What cannot be known: who would have won, and so what the balances would have been.\n"
    "Balances, mids, the reference's judgement of its sources, what was armed, the trading\n"
    "state, fills, losses and how fast it quoted are as recorded; a quote that was sent then\n"
    "ends as it did, another one at its deadline."
)


def changes_of(given: Sequence[str], *, armed: bool) -> Changes:
    """The changes named by ``NAME=VALUE`` of settings; BadChange for one that no replay can take."""
    limits: dict[str, Any] = {}
    params: dict[str, Any] = {}
    view: dict[str, Any] = {}
    for setting in given:
        name, equals, text = setting.partition("=")
        attribute = NAMES.get(name)
        if not equals:
            raise InvalidChangeError(f"--set {name}: write NAME=VALUE, for instance STRATEGY_HALF_SPREAD_BPS=10")
        if attribute is None:
            raise InvalidChangeError(
                f"--set {name}: no setting has this name; a replay takes {', '.join(_replayable())}"
            )
        if attribute in _LIMITS or attribute in Limits.__struct_fields__:
            limits[_LIMITS.get(attribute, attribute)] = _value(name, attribute, text)
        elif attribute in PriceParams.__struct_fields__:
            params[attribute] = _value(name, attribute, text)
        elif attribute in _VIEW:
            view[_VIEW[attribute]] = _value(name, attribute, text)
        else:
            raise InvalidChangeError(
                f"--set {name}: a replay takes limits, spreads and the quote deadline; all else stays as recorded, the "
                "reference's judgement of its sources too"
            )
    return Changes(limits=limits, params=params, view=view, armed=armed)


def _replayable() -> list[str]:
    """The names of the settings that a replay can take."""
    taken = {*_LIMITS, *_VIEW, *Limits.__struct_fields__, *PriceParams.__struct_fields__}
    return [name for name, attribute in NAMES.items() if attribute in taken]


def _value(name: str, attribute: str, text: str) -> Any:
    """The value as the settings would take it, with the same range."""
    field = Settings.model_fields[attribute]
    one: type[BaseModel] = create_model("One", **{attribute: (field.annotation, field)})  # type: ignore[call-overload]
    try:
        return getattr(one.model_validate({name: text.strip()}), attribute)
    except ValidationError:
        raise InvalidChangeError(f"--set {name}: {field.description}") from None


def as_json(told: Replay) -> str:
    """One JSON object; amounts are base units."""
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


def as_text(told: Replay, given: Sequence[str]) -> str:
    """For a person: then beside now."""
    under = "its own settings" if not given else ", ".join(given)
    lines = [f"{number(told.decisions)} decisions under {under}: {number(told.same)} come out to the letter"]
    if told.without_record:
        lines.append(f"{number(told.without_record)} of them were recorded by a version that did not keep enough")
    lines += ["", *table([("", "recorded", "replayed"), *_tallies(told.recorded, told.replayed)])]
    if told.filled:
        lines += [
            "",
            f"of {number(told.filled)} fills, {number(told.filled_still)} requests would have been quoted, "
            f"{number(told.filled_better)} of them no worse for the taker",
        ]
    for difference in () if given else told.differences:
        lines += ["", f"{utc(difference.at_ns)}  {difference.quote_id}"]
        lines += [f"  {name:20} {old}  →  {new}" for name, (old, new) in difference.fields.items()]
    return "\n".join([*lines, "", UNKNOWABLE])


def _tallies(then: Tally, now: Tally) -> list[tuple[str, str, str]]:
    rows = [
        ("quoted", number(then.quoted), number(now.quoted)),
        ("notional EURe", *(rounded(EURE.to_decimal(t.notional), 2) for t in (then, now))),
        ("edge against the mid EURe", *(rounded(EURE.to_decimal(t.edge), 4, signed=True) for t in (then, now))),
        ("edge bps of notional", *(_bps(t) for t in (then, now))),
        ("peak quotes alive", number(then.peak_quotes), number(now.peak_quotes)),
        ("peak promised BTC", *(exact(BTC.to_decimal(t.peak_btc)) for t in (then, now))),
        ("peak promised EURe", *(rounded(EURE.to_decimal(t.peak_eure), 2) for t in (then, now))),
    ]
    reasons = {name: max(then.reasons[name], now.reasons[name]) for name in {*then.reasons, *now.reasons} - {"quote"}}
    ranked = sorted(reasons, key=lambda name: (-reasons[name], name))
    rows += [(f"not quoted: {name}", number(then.reasons[name]), number(now.reasons[name])) for name in ranked]
    return [(row[0], row[1], row[2]) for row in rows]


def _bps(tally: Tally) -> str:
    if not tally.notional:
        return "–"
    return rounded(EXACT.divide(EURE.to_decimal(tally.edge) * 10_000, EURE.to_decimal(tally.notional)), 2, signed=True)
