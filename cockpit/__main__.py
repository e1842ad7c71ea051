"""``python -m cockpit``: how the command starts its own desk and venue."""

from cockpit.cli.main import main

main()
