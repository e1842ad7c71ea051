"""The balance reconciliation of every end-to-end test: the desk against the ledger, all tokens, to the base unit."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

from cockpit.model.snapshot import Snapshot
from cockpit.processes.sandbox_run import SandboxRun
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.sandbox_session import newest
from tests.support.processes.venue_process import Control
from tests.support.waiting import PATIENCE_S, until
from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable


async def reconcile(desk: DeskProcess, control: Control, *, within_s: float = PATIENCE_S) -> Snapshot:
    """Wait until the desk explains what the ledger holds of every token, and return that snapshot.

    AssertionError when it does not, or when any of its money was lost on the wrong way out.
    """
    return await _reconcile(desk.snapshot, control, desk.settings["NEAR_INTENTS_ACCOUNT_ID"], within_s)


async def reconcile_run(run: SandboxRun, *, within_s: float = PATIENCE_S) -> None:
    """Do the same with a sandbox run that still goes on, its traders paused."""
    control = Control(run.venue_env())
    try:
        await control.traders(False)
        await _reconcile(lambda: newest(run), control, control.env["NEAR_INTENTS_ACCOUNT_ID"], within_s)
    finally:
        await control.http.aclose()


async def _reconcile(
    snapshot: Callable[[], Awaitable[Snapshot]], control: Control, account: str, within_s: float
) -> Snapshot:
    wrong: list[str] = []
    shot: Snapshot | None = None

    async def explained() -> bool:
        nonlocal shot
        before = await control.balances(account)
        shot = await snapshot()
        wrong[:] = differences(shot, before, DEFAULT_TOKENS)
        return not wrong

    try:
        await until(explained, within_s)
    except AssertionError:
        raise AssertionError(f"not reconciled within {within_s:g} s: {'; '.join(wrong)}") from None
    assert lost(await control.chains(), account) == []
    assert shot is not None
    return shot


def differences(shot: Snapshot, ledger: Mapping[str, int], tokens: TokenTable) -> list[str]:
    """Compare the desk's rows with the ledger; a sentence for each token that is not explained to the base unit."""
    rows = {row.symbol: row for row in shot.inventory.rows}
    wrong = []
    for token in tokens.tokens:
        held, row = token.to_decimal(ledger.get(token.token_id, 0)), rows.get(token.symbol)
        if row is None or row.balance is None or row.unexplained is None or row.opening is None:
            if held or row is not None:
                wrong.append(f"{token.symbol}: {held} is held, and the desk shows {row}")
            continue
        known = row.opening + row.deposited + row.filled - row.withdrawn + row.accepted
        if (row.balance, row.unexplained, known) != (held, Decimal(0), held):
            wrong.append(f"{token.symbol}: {held} is held, {known} known, {row.unexplained} unexplained: {row}")
    return wrong


def lost(chains: Mapping[str, Mapping[str, Any]], account: str) -> list[Any]:
    """Return what the account burned towards a contract that keeps it."""
    return [burn for chain in chains.values() for burn in chain["lost"] if burn["account"] == account]
