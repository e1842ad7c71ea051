"""`cockpit completion`: what a shell runs once, so that it completes commands and options."""

import click

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "cockpit"
WHERE = {
    "bash": '# in ~/.bashrc: eval "$(cockpit completion bash)"',
    "zsh": '# in ~/.zshrc, after compinit: eval "$(cockpit completion zsh)"',
    "fish": "# once: cockpit completion fish > ~/.config/fish/completions/cockpit.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands in a shell.

    bash: eval "$(cockpit completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc; fish: write it to
    ~/.config/fish/completions/cockpit.fish. bash needs version 4.4.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    found = made(context.find_root().command, {}, PROGRAM, f"_{PROGRAM.upper()}_COMPLETE")
    # Not source(), which asks the machine's own bash for its version: the script may be for another machine.
    click.echo(f"{WHERE[shell]}\n{found.source_template % found.source_vars()}")
