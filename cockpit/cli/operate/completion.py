"""`cockpit completion`: what a shell runs once, so that it completes commands and options."""

import click

from cockpit.cli.operate.completion_scripts import SCRIPTS

SHELLS = tuple(SCRIPTS)
WHERE = {
    "bash": '# in ~/.bashrc: eval "$(cockpit completion bash)"',
    "zsh": '# in ~/.zshrc, after compinit: eval "$(cockpit completion zsh)"',
    "fish": "# once: cockpit completion fish > ~/.config/fish/completions/cockpit.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that completes commands in a shell.

    bash: eval "$(cockpit completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc; fish: write it to
    ~/.config/fish/completions/cockpit.fish. bash needs version 4.4.
    """
    click.echo(f"{WHERE[shell]}{SCRIPTS[shell]}", nl=False)
