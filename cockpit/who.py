"""Who sits at this terminal, as the journal names them."""

import getpass
import os


def actor() -> str:
    """The user, and the ssh client's address when there is one."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    remote = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    return f"{user}@{remote}" if remote else user
