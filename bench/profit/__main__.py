"""Measure what makers earn on the same simulated markets, and whether the desk reaches its goals.

The exit code is 0 when all goals of the desk hold, 1 when one fails, 2 for arguments that cannot be played.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from bench.profit.goals import BEATEN, CRASH_RIVAL, goals_of
from bench.profit.makers import DESK, FEATURES, TODAY, WIDTHS, desk_terms, static, without
from bench.profit.markets import MARKETS, RECORDED, RECORDING, MarketName
from bench.profit.picture import picture_of
from bench.profit.playing import Played, Rivals, Terms, play_seed
from bench.profit.report import Result, as_text, cell_result, goal_lines
from bench.profit.totals import cells_of
from venue.sandbox.flow.errors import RecordingError
from venue.sandbox.mixes import MIXES, parse_mix

FIRST_SEED = 101
"""Seeds below were used to choose the parameters."""
QUICK_WIDTHS = (7, 8, 10, 12)
QUICK_SEEDS, SEEDS = 6, 8
QUICK_HOURS, HOURS = 8.0, 24.0


def main() -> int:
    options = _options()
    try:
        terms = _terms(options)
        for name in terms.makers:
            desk_terms(name)
        for mix in terms.mixes:
            parse_mix(mix)
    except ValueError as problem:
        print(problem, file=sys.stderr)
        return 2
    subjects = [name for name in terms.makers if name.partition(":")[0] == DESK]
    try:
        cells = cells_of(_play_all(terms))
    except RecordingError as problem:
        print(problem, file=sys.stderr)
        return 2
    judged = {CRASH_RIVAL, *BEATEN} <= set(terms.makers)
    order = [(market, mix) for market in terms.markets for mix in terms.mixes]
    cells.sort(key=lambda cell: order.index((cell.market, cell.mix)))
    result = Result(
        seeds=terms.seeds,
        hours=terms.hours,
        rivals=terms.rivals,
        markets={market: _origin(market, terms.recording) for market in terms.markets},
        cells=[cell_result(cell, subjects) for cell in cells],
        goals={name: goals_of(cells, name) for name in subjects} if judged else {},
    )
    if options.json != "-":
        print(as_text(result))
        print()
        print("\n".join(line for name, goals in result.goals.items() for line in goal_lines(name, goals)))
        if not result.goals:
            print(f"no goals: they need {DESK} beside {', '.join((CRASH_RIVAL, *BEATEN))}")
    if options.json == "-":
        print(msgspec.json.encode(result).decode())
    elif options.json:
        Path(options.json).write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    if options.picture is not None:
        options.picture.write_text(picture_of(result), "utf-8")
    return 0 if all(goal.holds for goal in result.goals.get(DESK, ())) else 1


def _play_all(terms: Terms) -> Iterator[Played]:
    # The longest first, so that no process is left alone with one at the end.
    tasks = [(market, seed) for market in reversed(terms.markets) for seed in terms.seeds]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for played in [pool.submit(play_seed, terms, market, seed) for market, seed in tasks]:
            yield from played.result()


def _origin(market: MarketName, recording: Path | None) -> str:
    return "recorded prices" if market in RECORDED and recording is not None else "generated prices"


def _terms(options: argparse.Namespace) -> Terms:
    quick = options.quick
    widths = QUICK_WIDTHS if quick else WIDTHS
    usual = (DESK, *(() if quick else (TODAY,)), *map(static, widths), *BEATEN)
    makers = tuple(options.makers.split("/")) if options.makers else usual
    if options.ablate:
        makers = (*makers, *(name for name in map(without, FEATURES) if name not in makers))
    markets: tuple[MarketName, ...] = ("normal", "crash") if quick else MARKETS
    if options.market:
        markets = tuple(one for one in MARKETS if one in options.market.split(","))
        if len(markets) < len(options.market.split(",")):
            raise ValueError(f"markets {options.market}: known are {', '.join(MARKETS)}")
    mixes = tuple(options.takers.split("/")) if options.takers else ("mixed", "toxic") if quick else tuple(MIXES)
    recording: Path | None = None if options.generated else options.recording or RECORDING
    seeds = (QUICK_SEEDS if quick else SEEDS) if options.seeds is None else options.seeds
    hours = (QUICK_HOURS if quick else HOURS) if options.hours is None else options.hours
    if seeds < 1 or options.first_seed < 0 or not 2 <= hours <= 72:
        raise ValueError("give at least one seed, and 2 to 72 hours: S compares one hour with another")
    return Terms(
        markets=markets,
        mixes=mixes,
        makers=makers,
        seeds=tuple(range(options.first_seed, options.first_seed + seeds)),
        hours=hours,
        rivals=options.rivals,
        long_lives=options.long_lives,
        recording=recording,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.profit", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="two markets, two mixes and fewer widths: under a minute")
    add("--market", default="", help=f"of {', '.join(MARKETS)}, joined by commas")
    add("--takers", default="", help=f"mixes joined by /: {', '.join(MIXES)}, today, or kind=share,…")
    rivals: tuple[Rivals, ...] = ("today", "adaptive", "static", "none")
    add("--rivals", default="adaptive", choices=rivals)
    add("--seeds", type=int, metavar="N", help=f"how many (default {SEEDS}, quick {QUICK_SEEDS})")
    add("--first-seed", type=int, default=FIRST_SEED, metavar="N", help=f"the first of them (default {FIRST_SEED})")
    add(
        "--hours",
        type=float,
        metavar="H",
        help=f"traded a seed (default {HOURS:g}, quick {QUICK_HOURS:g}); the crash has 8",
    )
    add("--makers", default="", help="joined by /: desk, desk:-vol, today, static:8, fixed:20, amm, rate")
    add("--ablate", action="store_true", help="also the desk without each of its features")
    add("--long-lives", type=float, default=0.0, metavar="SHARE", help="of requests for an amount out: 5 to 20 minutes")
    add("--recording", type=Path, metavar="FILE", help="bars of the recorded markets")
    add("--generated", action="store_true", help="generated prices instead of the recorded ones")
    add("--json", default="", metavar="FILE", help="write all figures; - prints them instead of the text")
    add("--picture", type=Path, metavar="FILE", help="draw the profit in every cell, as SVG")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
