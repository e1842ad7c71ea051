"""`cockpit tune`: the group of its commands."""

import click

from cockpit.cli.tune.fit import fit


@click.group()
def tune() -> None:
    """Find the half spread that earns most.

    First explore: `plan` says which widths to try, `run` tries them on the running desk. Then `fit` says what the
    recorded quotes tell of other widths, and how far to believe it.
    """


tune.add_command(fit)
