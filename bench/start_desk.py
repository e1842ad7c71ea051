"""A desk that says when each stage of its start is over: ``python -m bench.start_desk desk --env-file FILE``.

``BENCH_STAGES`` names the file that gets a line of JSON for each; ``BENCH_SPAWNED_NS`` is the monotonic time at
which it was spawned.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Any

SPAWNED_NS = int(os.environ.get("BENCH_SPAWNED_NS", time.monotonic_ns()))
FILE = os.environ.get("BENCH_STAGES", os.devnull)


def mark(stage: str) -> None:
    """Note that a stage is over: seconds since the process was spawned, and of CPU of all its threads."""
    wall_s, cpu_s = (time.monotonic_ns() - SPAWNED_NS) / 1e9, time.process_time()
    with open(FILE, "a", encoding="ascii") as file:
        file.write(json.dumps({"stage": stage, "wall_s": wall_s, "cpu_s": cpu_s}) + "\n")


def _then(function: Any, stage: str) -> Callable[..., Any]:
    """Return the asynchronous function with a mark at its end."""

    async def marked(*values: Any, **named: Any) -> Any:
        result = await function(*values, **named)
        mark(stage)
        return result

    return marked


if __name__ == "__main__":
    mark("Python")
    from cockpit.app.terminal.process import gc_paused
    from cockpit.cli.main import main
    from cockpit.processes.unused_imports import leave_out

    # As `cockpit desk` does.
    leave_out()
    with gc_paused():
        from cockpit.desk import desk as module
        from cockpit.desk.composition.funding_parts import FundingParts
        from cockpit.desk.inventory.startup_reconciliation import StartupReconciliation
        from cockpit.desk.risk import committed_flow
        from cockpit.processes import desk_process

    mark("imports")
    open_history, build, serve = desk_process.open_history, module.Desk._build, module.Desk._start_workers

    def opening(settings: Any) -> Any:
        mark("settings")
        history = open_history(settings)
        vars(history)["open"] = _then(history.open, "history opened")
        return history

    def building(self: Any, *values: Any) -> Any:
        parts = build(self, *values)
        mark("parts built")
        return parts

    def starting(self: Any, *values: Any) -> None:
        serve(self, *values)
        mark("workers started")

    vars(desk_process)["open_history"] = opening
    setattr(module.Desk, "_build", building)  # noqa: B010 - a method is replaced on purpose
    setattr(module.Desk, "_start_workers", starting)  # noqa: B010
    names = vars(module)
    names["remember"] = _then(names["remember"], "trading state")
    names["resume"] = _then(names["resume"], "volatility")
    vars(committed_flow)["resume"] = _then(committed_flow.resume, "requests")
    setattr(FundingParts, "load", _then(FundingParts.load, "funding"))  # noqa: B010
    setattr(StartupReconciliation, "load", _then(StartupReconciliation.load, "quotes restored"))  # noqa: B010
    setattr(StartupReconciliation, "open", _then(StartupReconciliation.open, "reconciled"))  # noqa: B010
    main()
