"""The name under which the relay keeps settlements that the desk missed: the same at every start."""

import hashlib
import logging
import os

from cockpit.config.owned_file import read_owned
from cockpit.config.settings import Settings
from cockpit.config.validators import INSTANCE_ID

log = logging.getLogger(__name__)

MAX_BYTES = 128


def instance_id(settings: Settings) -> str:
    """Return the instance id in force; empty without guaranteed delivery.

    Without one among the settings it is made from the account and kept in the state directory, so that a later version
    that makes it otherwise still finds the same queue. It is no secret.
    """
    if not settings.relay_guaranteed_delivery:
        return ""
    if settings.relay_instance_id:
        return settings.relay_instance_id
    made = made_from(settings.account_id)
    found = read_owned(settings.instance_id_path, others_may="read", max_bytes=MAX_BYTES)
    if found.text is None and not found.problem:
        _keep(settings, made)
        return made
    kept = (found.text or "").strip()
    if not INSTANCE_ID.fullmatch(kept):
        log.warning("%s holds no instance id; %s is used", settings.instance_id_path, made)
        return made
    return kept


def made_from(account: str) -> str:
    return "cockpit-" + hashlib.sha256(account.encode()).hexdigest()[:16]


def _keep(settings: Settings, made: str) -> None:
    try:
        handle = os.open(settings.instance_id_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        # The next start makes the same one.
        log.warning("cannot write %s: %s", settings.instance_id_path, error.strerror)
        return
    with os.fdopen(handle, "w") as file:
        file.write(made + "\n")
