"""`cockpit tune plan`: which half spreads to try, in which order, and what it can cost."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click
import msgspec

from cockpit.cli.operate.chosen_desk import AS_JSON
from cockpit.cli.operate.outcomes import print_json
from cockpit.processes.echo import echo
from cockpit.tuning.switchback.errors import InvalidPlanError
from cockpit.tuning.switchback.plan import WIDTHS, make_plan, plan_text
from cockpit.tuning.switchback.progress import write_durably


class _Amounts(click.ParamType[tuple[Decimal, ...]]):
    """Decimals, one or several with commas between."""

    name = "decimals"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Decimal, ...]:
        try:
            text = str(value)
            found = tuple(Decimal(part.strip()) for part in text.split(",")) if len(text) <= 200 else ()
        except InvalidOperation:
            found = ()
        if not found or not all(one.is_finite() for one in found):
            self.fail("expected decimal numbers, such as 14 or 14,10,7,5", param, ctx)
        return found


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--widths",
    type=_Amounts(),
    default=",".join(f"{width:f}" for width in WIDTHS),
    show_default=True,
    metavar="BPS,…",
    help="Half spreads to try, 2 to 100 bps.",
)
@click.option(
    "--every",
    "every_s",
    metavar="SECONDS",
    type=click.IntRange(1, 86_400),
    default=3_600,
    show_default=True,
    help="Seconds for which each is tried at once.",
)
@click.option(
    "--rounds",
    metavar="NUMBER",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="How often each is tried, in new order.",
)
@click.option(
    "--seed", metavar="NUMBER", type=click.IntRange(0, 2**63 - 1), default=1, show_default=True, help="Of the order."
)
@click.option(
    "--max-notional",
    type=_Amounts(),
    default="5",
    show_default=True,
    metavar="EURE",
    help="Largest notional of a quote while it runs on a live desk.",
)
@click.option(
    "--max-fills",
    metavar="NUMBER",
    type=click.IntRange(1, 1_000_000),
    default=60,
    show_default=True,
    help="Most fills an hour while it runs on a live desk.",
)
@click.option(
    "--max-cost",
    type=_Amounts(),
    default="25",
    show_default=True,
    metavar="EURE",
    help="What it may cost at worst; a plan that may cost more is refused.",
)
@AS_JSON
def plan(
    file: Path,
    widths: tuple[Decimal, ...],
    every_s: int,
    rounds: int,
    seed: int,
    max_notional: tuple[Decimal, ...],
    max_fills: int,
    max_cost: tuple[Decimal, ...],
    as_json: bool,
) -> None:
    """Write a plan of half spreads to try into FILE; change nothing.

    Prints the order, the bounds under which it runs and what it costs at worst: every allowed fill of the largest size,
    at the narrowest width, before a move of 1 % against the desk.
    """
    try:
        made = make_plan(
            tuple(dict.fromkeys(widths)),
            every_s=every_s,
            rounds=rounds,
            seed=seed,
            max_notional_eure=max_notional[0],
            max_fills_per_hour=max_fills,
            max_cost_eure=max_cost[0],
        )
    except InvalidPlanError as exc:
        raise click.UsageError(str(exc)) from None
    if file.exists():
        raise click.ClickException(f"{file} exists; a plan is written into a new file")
    try:
        write_durably(file, msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
    except OSError as exc:
        raise click.ClickException(f"cannot write {file}: {exc.strerror}") from None
    if as_json:
        cost = {"worst_cost_eure": made.worst_cost_eure, "most_fills": made.most_fills, "seconds": made.seconds}
        print_json({"file": str(file), **cost, "plan": made})
        return
    echo(plan_text(made))
    echo(f"written to {file}; `cockpit tune run {file}` tries it")
