"""The shipped systemd unit keeps what the desk relies on."""

from tests.support.processes.systemd import directives

OWN_NETWORK = {"NetworkNamespacePath", "RestrictAddressFamilies", "JoinsNamespaceOf", "RootDirectory", "RootImage"}
"""Directives under which the account's lock would be another one, or none."""


def test_the_unit_shares_the_network_in_which_the_account_is_locked() -> None:
    unit = directives()
    assert unit["PrivateNetwork"] == "false"
    assert OWN_NETWORK.isdisjoint(unit)


def test_the_unit_can_write_to_the_state_directory_alone() -> None:
    unit = directives()
    assert unit["ProtectSystem"] == "strict"
    assert unit["Environment"] == f"COCKPIT_STATE_DIR={unit['ReadWritePaths']}"


def test_the_unit_keeps_the_key_from_dumps_and_other_users() -> None:
    unit = directives()
    assert (unit["LimitCORE"], unit["UMask"], unit["NoNewPrivileges"]) == ("0", "0077", "true")
    assert unit["User"] != "root"


def test_the_unit_stops_in_order_and_starts_again_after_a_crash_alone() -> None:
    unit = directives()
    assert (unit["KillSignal"], unit["Restart"]) == ("SIGTERM", "on-failure")
    assert unit["RestartPreventExitStatus"] == "2"
