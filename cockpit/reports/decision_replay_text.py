"""A replay as text and JSON, and the settings that it accepts. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError, create_model

from cockpit.config.pricing_presets import PRESETS, PRICING
from cockpit.config.settings import NAMES, Settings
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.formatting import counted, exact, number, rounded, utc_moment
from cockpit.reports.decision_replay import Replay, RuleChanges, Tally
from cockpit.reports.errors import InvalidChangeError
from cockpit.reports.report_text import table
from venue.protocol.assets import EXACT, Unit
from venue.protocol.tokens import TokenTable

_LIMITS = {
    "reference_max_age_ms": "max_reference_age_ms",
    "inventory_max_age_ms": "max_inventory_age_ms",
    "quote_max_deadline_ms": "max_deadline_ms",
}
_VIEW = {
    "quote_deadline_ms": "default_deadline_ms",
    "quote_deadline_slack_ms": "deadline_slack_ms",
    "quote_exact_out_deadline_ms": "exact_out_deadline_ms",
    "quote_dry_requests": "quote_dry",
}
UNKNOWABLE = (
    "Unknown: which auctions would have been won, and hence the balances. As recorded:\n"
    "balances, mids, the reference's judgement of its sources, what was armed, the trading\n"
    "state, fills, losses, the quote rate, σ, what options are worth and what is added for\n"
    "a partner. Quotes that were sent then end as they did, others at their deadline."
)


def changes_of(given: Sequence[str], *, armed: bool) -> RuleChanges:
    """Parse ``NAME=VALUE`` settings. Raises InvalidChangeError for one that no replay accepts."""
    limits: dict[str, Any] = {}
    params: dict[str, Any] = {}
    view: dict[str, Any] = {}
    for setting in _with_presets(given):
        name, equals, text = setting.partition("=")
        attribute = NAMES.get(name)
        if not equals:
            raise InvalidChangeError(f"--set {name}: expected NAME=VALUE, such as STRATEGY_HALF_SPREAD_BPS=10")
        if attribute is None:
            raise InvalidChangeError(f"--set {name}: unknown setting; a replay accepts {', '.join(_replayable())}")
        if attribute in _LIMITS or attribute in Limits.__struct_fields__:
            limits[_LIMITS.get(attribute, attribute)] = _value(name, attribute, text)
        elif attribute in PriceParams.__struct_fields__:
            params[attribute] = _value(name, attribute, text)
        elif attribute in _VIEW:
            value = _value(name, attribute, text)
            view[_VIEW[attribute]] = None if attribute == "quote_exact_out_deadline_ms" and not value else value
        else:
            raise InvalidChangeError(f"--set {name}: stays as recorded; a replay accepts {', '.join(_replayable())}")
    return RuleChanges(limits=limits, params=params, view=view, armed=armed)


def _with_presets(given: Sequence[str]) -> Iterator[str]:
    """Each preset as the settings that it stands for; a setting that is given too counts, wherever it stands."""
    named = [setting.partition("=")[2].strip() for setting in given if setting.startswith(f"{PRICING}=")]
    for name in named:
        if name not in PRESETS:
            raise InvalidChangeError(f"--set {PRICING}: {Settings.model_fields['pricing'].description}")
        yield from (f"{setting}={value}" for setting, value in PRESETS[name].items())
    yield from (setting for setting in given if not setting.startswith(f"{PRICING}="))


def _replayable() -> list[str]:
    taken = {"pricing", *_LIMITS, *_VIEW, *Limits.__struct_fields__, *PriceParams.__struct_fields__}
    return [name for name, attribute in NAMES.items() if attribute in taken]


def _value(name: str, attribute: str, text: str) -> Any:
    field = Settings.model_fields[attribute]
    one: type[BaseModel] = create_model("One", **{attribute: (field.annotation, field)})  # type: ignore[call-overload]
    try:
        return getattr(one.model_validate({name: text.strip()}), attribute)
    except ValidationError:
        raise InvalidChangeError(f"--set {name}: {field.description}") from None


def as_json(result: Replay) -> str:
    """Return one JSON object; amounts are base units."""
    return msgspec.json.format(msgspec.json.encode(result), indent=2).decode()


def as_text(result: Replay, given: Sequence[str], tokens: TokenTable) -> str:
    """For people: recorded beside replayed."""
    under = "its own settings" if not given else ", ".join(given)
    lines = [f"{counted(result.decisions, 'decision')} under {under}: {number(result.same)} identical"]
    if result.without_record:
        lines.append(
            f"{number(result.without_record)} of them cannot be replayed: an older version recorded too little"
        )
    lines += ["", *table([("", "recorded", "replayed"), *_tallies(result.recorded, result.replayed, tokens)])]
    if result.filled:
        lines += [
            "",
            f"of {counted(result.filled, 'fill')}, {number(result.filled_still)} would have been quoted again, "
            f"{number(result.filled_better)} of them at an equal or better price for the taker",
        ]
    for difference in () if given else result.differences:
        lines += ["", f"{utc_moment(difference.at_ns)}  {difference.quote_id}"]
        lines += [f"  {name:20} {old}  →  {new}" for name, (old, new) in difference.fields.items()]
    return "\n".join([*lines, "", UNKNOWABLE])


def _tallies(then: Tally, now: Tally, tokens: TokenTable) -> list[tuple[str, str, str]]:
    btc, eure = tokens.base, tokens.quote
    rows = [
        ("quoted", number(then.quoted), number(now.quoted)),
        ("notional EURe", *(rounded(eure.to_decimal(t.notional), 2) for t in (then, now))),
        ("edge against the mid EURe", *(rounded(eure.to_decimal(t.edge), 4, signed=True) for t in (then, now))),
        ("edge bps of notional", *(_bps(t, eure) for t in (then, now))),
        ("peak live quotes", number(then.peak_quotes), number(now.peak_quotes)),
        ("peak committed BTC", *(exact(btc.to_decimal(t.peak_btc)) for t in (then, now))),
        ("peak committed EURe", *(rounded(eure.to_decimal(t.peak_eure), 2) for t in (then, now))),
    ]
    reasons = {name: max(then.reasons[name], now.reasons[name]) for name in {*then.reasons, *now.reasons} - {"quote"}}
    ranked = sorted(reasons, key=lambda name: (-reasons[name], name))
    rows += [(f"not quoted: {name}", number(then.reasons[name]), number(now.reasons[name])) for name in ranked]
    return [(row[0], row[1], row[2]) for row in rows]


def _bps(tally: Tally, quote: Unit) -> str:
    if not tally.notional:
        return "–"
    return rounded(
        EXACT.divide(quote.to_decimal(tally.edge) * 10_000, quote.to_decimal(tally.notional)), 2, signed=True
    )
