"""What a quote charges for its option and what that is worth, by the program's own pricing: a table and a picture."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from cockpit.config.pricing_presets import PRESETS
from cockpit.desk.market.pricing import STANDARD_LIFE_MS, LifePrices, PricesByLife
from cockpit.model.commands import PriceParams

SLACK_MS = 5_000
_MID = Decimal(100_000)
_SIGMAS = ("2", "4", "6.5", "12", "15", "25", "37", "55")
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 760, 400, 56, 20, 52, 16
_MOST_X, _MOST_Y = 60, 26
_BLUE, _ORANGE, _INK, _GRID, _SHADE = "#0072B2", "#D55E00", "#333333", "#d9d9d9", "#f2dede"


def _params(preset: str) -> PriceParams:
    values = PRESETS[preset]
    return PriceParams(
        half_spread_bps=Decimal(values["STRATEGY_HALF_SPREAD_BPS"]),
        vol_factor=Decimal(values["STRATEGY_VOL_FACTOR"]),
        max_premium_bps=Decimal(values["STRATEGY_MAX_PREMIUM_BPS"]),
    )


def _at(preset: str, sigma: Decimal, life_ms: int) -> LifePrices:
    least = Decimal(PRESETS[preset]["STRATEGY_MIN_EDGE_BPS"])
    return PricesByLife(_MID, Decimal(0), _params(preset), min_edge_bps=least, sigma_bps=sigma).at(life_ms)


def _half(made: LifePrices) -> Decimal:
    return (1 - made.bid / _MID) * 10_000


def option_table() -> str:
    """What a quote for the usual lifetime costs and is worth, by σ."""
    life_ms = STANDARD_LIFE_MS + SLACK_MS
    most = Decimal(PRESETS["option"]["STRATEGY_MAX_PREMIUM_BPS"])
    rows = ["| σ, bps a minute | half spread | the option is worth | at a fixed 20 bps |\n", "|---|---|---|---|\n"]
    for text in _SIGMAS:
        made, fixed = (_at(preset, Decimal(text), life_ms) for preset in ("option", "fixed"))
        answer = f"{_half(made):.1f} bps" if made.bid_premium <= most else "refused"
        rows.append(f"| {text} | {answer} | {made.bid_premium:.2f} bps | {fixed.bid_premium:.2f} bps |\n")
    return "".join(rows)


def option_picture() -> bytes:
    """Draw half spread and worth over what the mid moves in a quote's lifetime: for a life of a minute that is σ."""
    points = [Decimal(tenth) / 10 for tenth in range(15, _MOST_X * 10 + 1, 5)]
    option = [(at, _at("option", at, STANDARD_LIFE_MS)) for at in points]
    fixed = [(at, _at("fixed", at, STANDARD_LIFE_MS)) for at in points]
    most = Decimal(PRESETS["option"]["STRATEGY_MAX_PREMIUM_BPS"])
    end = max(at for at, made in option if made.bid_premium <= most)
    quoted = [(at, made) for at, made in option if at <= end]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="13" fill="{_INK}">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<rect x="{_x(end):.1f}" y="{_TOP}" width="{_WIDTH - _RIGHT - _x(end):.1f}" '
        f'height="{_HEIGHT - _TOP - _BOTTOM}" fill="{_SHADE}"/>',
        *_axes(),
        _line(quoted, lambda made: _half(made), _BLUE),
        _line(quoted, lambda made: made.bid_premium, _ORANGE),
        _line(fixed, lambda made: _half(made), _BLUE, dashed=True),
        _line(fixed, lambda made: made.bid_premium, _ORANGE, dashed=True),
        _text(Decimal(34), Decimal("11.6"), "half spread: 6 bps + 0.30 of the move", _BLUE),
        _text(Decimal(13), Decimal("20.5"), "fixed half spread", _BLUE),
        _text(Decimal(16), Decimal("5.6"), "what the option in the quote is worth", _ORANGE),
        _text(Decimal(40), Decimal("4.2"), "and in the fixed one", _ORANGE),
        _text((end + _MOST_X) / 2, Decimal(24), "refused: worth", _INK),
        _text((end + _MOST_X) / 2, Decimal("22.8"), f"more than {most} bps", _INK),
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def _x(value: Decimal) -> float:
    return _LEFT + float(value) / _MOST_X * (_WIDTH - _LEFT - _RIGHT)


def _y(value: Decimal) -> float:
    return _HEIGHT - _BOTTOM - float(value) / _MOST_Y * (_HEIGHT - _TOP - _BOTTOM)


def _axes() -> list[str]:
    found = []
    for y in range(0, _MOST_Y + 1, 5):
        at = _y(Decimal(y))
        found.append(f'<path d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}" stroke="{_GRID}"/>')
        found.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{y}</text>')
    found += [
        f'<text x="{_x(Decimal(x)):.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{x}</text>'
        for x in range(0, _MOST_X + 1, 10)
    ]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    found.append(
        f'<text x="{middle:.1f}" y="{_HEIGHT - 10}" text-anchor="middle">'
        "how far the mid moves in the quote’s lifetime, one standard deviation: σ × √(lifetime / 60 s), bps</text>"
    )
    found.append(f'<text x="16" y="{_TOP + 4}">bps</text>')
    return found


def _line(
    points: Sequence[tuple[Decimal, LifePrices]],
    value: Callable[[LifePrices], Decimal],
    colour: str,
    *,
    dashed: bool = False,
) -> str:
    path = " ".join(f"{_x(at):.1f},{_y(value(made)):.1f}" for at, made in points)
    dash = ' stroke-dasharray="6 5"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _text(x: Decimal, y: Decimal, text: str, colour: str) -> str:
    return f'<text x="{_x(x):.1f}" y="{_y(y):.1f}" text-anchor="middle" fill="{colour}">{text}</text>'
