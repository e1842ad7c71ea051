"""What tests ask of a desk that quotes: what it decided, what it sent, whether it quotes again."""

from typing import Any

from cockpit.model.snapshot import DecisionRow
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC


async def quote_frames(control: Control) -> int:
    """Count the quote frames that the venue has received from makers since it was started."""
    return int((await control.state())["relay"].get("answers", 0))


async def request_once(
    desk: DeskProcess, taker: Taker, *, max_wait_ms: int = 300
) -> tuple[DecisionRow, list[dict[str, Any]]]:
    """Send one request; returns what the desk decided, and the quotes the taker got within ``max_wait_ms``."""
    before = (await desk.snapshot()).counts.decisions
    quotes = await taker.ask(BTC.token_id, amount_in=50_000, max_wait_ms=max_wait_ms)
    shot = await desk.until(lambda shot: shot.counts.decisions == before + 1, what="one more decision")
    return shot.decisions[0], quotes


async def until_quoted(taker: Taker) -> None:
    """Wait until a request is quoted."""

    async def quoted() -> bool:
        return bool(await taker.ask(BTC.token_id, amount_in=50_000, max_wait_ms=200))

    await until(quoted, 20, "the desk quotes again")
