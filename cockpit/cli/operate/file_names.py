"""What a shell completes where a command takes a file, or a file or something else."""

from collections.abc import Callable, Iterable, Sequence

import click
from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], Sequence[CompletionItem]]


def or_a_file(names: Callable[[], Iterable[str]]) -> Complete:
    """Return what completes these names, and files."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Sequence[CompletionItem]:
        known = [CompletionItem(name) for name in names() if name.startswith(incomplete)]
        return [*known, CompletionItem(incomplete, type="file")]

    return complete


def _scenarios() -> Iterable[str]:
    from venue.sandbox.scenario.reading import ready_names

    return ready_names()


def _markets() -> Iterable[str]:
    from venue.sandbox.flow.regimes import REGIME_TERMS

    return REGIME_TERMS


a_file = or_a_file(tuple)
a_scenario = or_a_file(_scenarios)
a_market = or_a_file(_markets)
