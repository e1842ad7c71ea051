"""`cockpit desk`: the desk without a screen."""

import sys
from pathlib import Path

import click

from cockpit.app.terminal.process import gc_paused
from cockpit.cli.common import ENV_FILE, load_settings


@click.command()
@ENV_FILE
def desk(env_file: Path | None) -> None:
    """Run the desk without a screen.

    SIGTERM or SIGINT ends it.
    """
    with gc_paused():
        settings = load_settings(env_file)
        from cockpit.processes.unused_imports import leave_out

        leave_out()
        from cockpit.processes.desk_process import run_desk

    sys.exit(run_desk(settings))
