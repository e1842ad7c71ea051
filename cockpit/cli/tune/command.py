"""`cockpit tune`: the group of its commands."""

import click

from cockpit.cli.tune.fit import fit
from cockpit.cli.tune.plan import plan
from cockpit.cli.tune.run import run


@click.group()
def tune() -> None:
    """Find the half spread that earns most.

    First explore: `plan` says which widths to try, `run` tries them on the running desk. Then `fit` says what the
    recorded quotes tell of other widths, and how far to believe it.
    """


for command in (plan, run, fit):
    tune.add_command(command)
