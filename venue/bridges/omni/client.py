"""The API of the Omni bridge: what a transfer costs, and what became of it.

Source: @omni-bridge/core and the official SDK's ``omni-bridge.ts``. Nothing here moves money.
"""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

import httpx
import msgspec

from venue.bridges.omni.fees import OmniFees, RawFees, read_fees
from venue.bridges.omni.message import btc_recipient, near_address
from venue.bridges.omni.transfers import OmniTransfer, RawTransfer, RawTransfers, pick_transfer
from venue.protocol.assets import INTENTS_CONTRACT, Token
from venue.transport.errors import RefusedError, UnreachableError, VenueError
from venue.transport.jsonrpc import decode, fetch, host_of, plain, unreadable

_FEES = msgspec.json.Decoder(RawFees)
_TRANSFERS = msgspec.json.Decoder(list[RawTransfer] | RawTransfers)
_REFUSAL = msgspec.json.Decoder(dict[str, object] | str)

T = TypeVar("T")


class OmniBridge:
    """Calls over an injected client. Methods raise RefusedError with the API's text, or UnreachableError.

    ``url``: the API's base, without a path. ``contract``: the Verifier, which sends every transfer. ``calls``,
    ``failures`` and ``last_error`` are its health.
    """

    def __init__(
        self, url: str, client: httpx.AsyncClient, *, contract: str = INTENTS_CONTRACT, timeout_s: float = 10.0
    ) -> None:
        self.host = host_of(url)
        self.calls = 0
        self.failures = 0
        self.last_error = ""
        self._url = url.rstrip("/")
        self._client = client
        self._sender = near_address(contract)
        self._timeout_s = timeout_s

    async def fees(self, token: Token, amount: int, destination: str) -> OmniFees:
        """Ask what burning ``amount`` base units for a payment to ``destination`` costs now."""
        params = {
            "sender": self._sender,
            "recipient": btc_recipient(token, destination),
            "token": near_address(token.near_token),
            "amount": str(amount),
        }
        body = await self._get("/api/v3/transfer-fee", params)
        if body is None:
            raise self._failed(UnreachableError(f"{self.host} answered HTTP 404"))
        return self._read(lambda: read_fees(decode(_FEES, body, self.host)))

    async def transfer(self, near_hash: str, token: Token, amount: int, destination: str) -> OmniTransfer | None:
        """Return the transfer that a NEAR transaction began by burning ``amount`` base units of ``token``.

        None means that the bridge has not indexed it yet, never that it failed.
        """
        # The API moved from its third to its fourth version in July 2026; either may be there.
        params = {"transaction_hash": near_hash}
        body = await self._get("/api/v3/transfers/transfer", params)
        if body is None:
            body = await self._get("/api/v4/transfers/transfer", params)
        if body is None:
            return None
        answer = self._read(lambda: decode(_TRANSFERS, body, self.host))
        rows = answer.transfers if isinstance(answer, RawTransfers) else answer
        return self._read(
            lambda: pick_transfer(
                rows,
                token=near_address(token.near_token),
                amount=amount,
                recipient=btc_recipient(token, destination),
                sender=self._sender,
            )
        )

    async def _get(self, path: str, params: dict[str, str]) -> bytes | None:
        """Return the body of an answer; None when the API has nothing there (404)."""
        self.calls += 1
        url = f"{self._url}{path}?{urlencode(params)}"
        try:
            status, body = await fetch(self._client, "GET", url, timeout_s=self._timeout_s)
        except UnreachableError as error:
            raise self._failed(error) from None
        if status == 404:
            return None
        if status in (400, 422):
            raise self._failed(RefusedError(_refusal(body) or f"{self.host} answered HTTP {status}"))
        if status != 200:
            raise self._failed(UnreachableError(f"{self.host} answered HTTP {status}"))
        return body

    def _read(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except UnreachableError as error:
            raise self._failed(error) from None
        except ValueError as error:
            raise self._failed(unreadable(self.host, str(error))) from None

    def _failed(self, error: VenueError) -> VenueError:
        self.failures += 1
        self.last_error = str(error)
        return error


def _refusal(body: bytes) -> str:
    try:
        answer = _REFUSAL.decode(body)
    except (ValueError, RecursionError):
        return plain(body[:1200].decode(errors="replace"))
    text = answer if isinstance(answer, str) else answer.get("error") or answer.get("message")
    return plain(text if isinstance(text, str) else "")
