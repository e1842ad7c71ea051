"""Who sits at this terminal, as the journal names them."""

import getpass
import os


def actor() -> str:
    """The user, the ssh client's address when there is one, and the terminal: one person may sit at two."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    remote = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return (f"{user}@{remote}" if remote else user) + _terminal()


def _terminal() -> str:
    try:
        return f" on {os.ttyname(0).removeprefix('/dev/')}"
    except OSError:
        return ""
