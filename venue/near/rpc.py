"""Reading NEAR and sending to it through several RPC endpoints: when one fails, the next is tried.

One whose block's height or time is not believed has failed, too. Source of the shapes: docs.near.org, RPC ``query``,
``block``, ``send_tx`` and ``tx``, and its list of errors; nearcore, chain/jsonrpc.
"""

import asyncio
import base64
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

import httpx
import msgspec

from cockpit.model.environment import Environment
from venue.near.blocks import Block, ViewResult, read_block, read_view
from venue.near.outcomes import (
    PENDING,
    AccessKey,
    TxOutcome,
    invalid_transaction,
    is_definitive,
    is_unknown_transaction,
    read_access_key,
    read_outcome,
)
from venue.near.survey import Survey
from venue.protocol.assets import INTENTS_CONTRACT
from venue.transport.errors import RefusedError, UnreachableError, VenueError
from venue.transport.jsonrpc import JsonRpc, unreadable

WaitUntil = Literal["NONE", "EXECUTED_OPTIMISTIC", "FINAL"]
Finality = Literal["final", "optimistic"]
T = TypeVar("T")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The health of one endpoint since the start; ``current`` marks the one that is tried first."""

    host: str
    calls: int
    failures: int
    last_error: str
    current: bool


UNKNOWN_SENDING = "it is unknown whether a node accepted the transaction"
_REAL = Environment()
_MAX_BLOCKS = 12  # a withdrawal's receipts run in about five


class NearRpc:
    """Calls that use the first endpoint to answer, starting with the one that answered last.

    ``contract`` is the Verifier, for whose withdrawals outcomes are read.
    ``timeout_s`` bounds one endpoint's answer; a call may take that long for each URL.
    """

    def __init__(
        self,
        urls: Sequence[str],
        client: httpx.AsyncClient,
        *,
        contract: str = INTENTS_CONTRACT,
        timeout_s: float = 5.0,
        env: Environment = _REAL,
    ) -> None:
        if not urls:
            raise ValueError("at least one NEAR RPC URL is required")
        self._endpoints = tuple(JsonRpc(url, client, timeout_s=timeout_s) for url in urls)
        self._contract = contract
        self._current = 0
        self.survey = Survey(self._endpoints, env)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The health of every endpoint, in the order of the URLs."""
        return tuple(
            Endpoint(
                host=one.host,
                calls=one.calls,
                failures=one.failures,
                last_error=one.last_error,
                current=index == self._current,
            )
            for index, one in enumerate(self._endpoints)
        )

    @property
    def witnesses(self) -> "tuple[NearRpc, ...]":
        """Each endpoint alone, for what must not rest on one; judged by all of them as here."""
        return tuple(map(self._alone, self._endpoints))

    def _alone(self, endpoint: JsonRpc) -> "NearRpc":
        one = copy.copy(self)
        one._endpoints, one._current = (endpoint,), 0
        return one

    async def view(
        self, contract: str, method: str, args: Mapping[str, object], finality: Finality = "optimistic"
    ) -> ViewResult:
        """Call a view function; RefusedError with the panic's text, UnreachableError when no endpoint answers."""
        return (await self.view_as(contract, method, args, lambda value, who: None, finality))[1]

    async def view_as(
        self,
        contract: str,
        method: str,
        args: Mapping[str, object],
        read: Callable[[bytes, str], T],
        finality: Finality = "optimistic",
    ) -> tuple[T, ViewResult]:
        """Call a view function and return what ``read`` makes of its value, with the answer.

        ``read`` gets the value and a name for it; an endpoint of whose value it makes UnreachableError or ValueError
        has failed like one that does not answer.
        """
        params = {
            "request_type": "call_function",
            "finality": finality,
            "account_id": contract,
            "method_name": method,
            "args_base64": base64.b64encode(msgspec.json.encode(args)).decode("ascii"),
        }

        def reading(raw: bytes, host: str) -> tuple[T, ViewResult]:
            view = read_view(raw, host)
            who = f"{contract} {method} by {host}"
            try:
                return read(view.value, who), view
            except ValueError as error:
                raise unreadable(who, str(error)) from None

        return await self._ask("query", params, reading)

    async def block(self, finality: Finality = "final") -> Block:
        """Return the newest block of this finality; UnreachableError when no endpoint answers."""
        return await self._ask("block", {"finality": finality}, read_block)

    async def access_key(self, account: str, public_key: str) -> AccessKey | None:
        """Return the access key (``ed25519:<base58>``) as of the last final block; None when the account lacks it."""
        params = {
            "request_type": "view_access_key",
            "finality": "final",
            "account_id": account,
            "public_key": public_key,
        }
        try:
            return await self._ask("query", params, read_access_key)
        except RefusedError as error:
            if error.cause in ("UNKNOWN_ACCESS_KEY", "UNKNOWN_ACCOUNT"):
                return None
            raise

    async def send_transaction(self, signed: bytes, *, wait_until: WaitUntil = "NONE") -> TxOutcome:
        """Send a signed transaction (borsh). The same bytes may be sent any number of times and run once.

        UnreachableError: it may have been accepted. RefusedError, with nearcore's name of the reason (``InvalidNonce``,
        ``Expired``, ``NotEnoughBalance``, …): the first node to answer did not accept the bytes this time. That proves
        nothing about an earlier sending of the same bytes: use ``transaction``. With NONE a node does not check them.
        """
        encoded = base64.b64encode(signed).decode("ascii")
        problems: list[str] = []
        for index in self._order():
            endpoint = self._endpoints[index]
            try:
                outcome = read_outcome(await _send(endpoint, encoded, wait_until), endpoint.host, self._contract)
            except UnreachableError as error:
                problems.append(str(error))
                continue
            except RefusedError as error:
                if not is_definitive(error):
                    endpoint.count_failure(error)
                    problems.append(f"{endpoint.host} refused: {error}")
                    continue
                self._current = index
                if problems:
                    refused = f"{endpoint.host} refused: {error}"
                    raise UnreachableError(f"{UNKNOWN_SENDING}: {'; '.join([*problems, refused])}") from None
                raise invalid_transaction(error) from None
            self._current = index
            return await self._with_height(endpoint, outcome)
        raise UnreachableError(f"{UNKNOWN_SENDING}: {'; '.join(problems)}")

    async def transaction(self, tx_hash: str, account: str) -> TxOutcome | None:
        """Return the outcome of the transaction that ``account`` signed; None when no endpoint knows it.

        Nodes forget: None for an old transaction does not prove that it never ran. When a node knows it and has no
        outcome yet, wait for it once, as long as one answer may take.
        """
        params = {"tx_hash": tx_hash, "sender_account_id": account}
        problems: list[str] = []
        for index in self._order():
            endpoint = self._endpoints[index]
            try:
                outcome = read_outcome(
                    await endpoint.call("tx", {**params, "wait_until": "NONE"}), endpoint.host, self._contract
                )
            except UnreachableError as error:
                problems.append(str(error))
                continue
            except RefusedError as error:
                if is_unknown_transaction(error):
                    continue
                if is_definitive(error):
                    raise
                endpoint.count_failure(error)
                problems.append(f"{endpoint.host} refused: {error}")
                continue
            self._current = index
            if outcome == PENDING:
                outcome = await _wait_for_outcome(endpoint, params, self._contract)
            return await self._with_height(endpoint, outcome)
        if problems:
            raise UnreachableError("not every NEAR RPC endpoint answered: " + "; ".join(problems))
        return None

    async def _with_height(self, endpoint: JsonRpc, outcome: TxOutcome) -> TxOutcome:
        """Add the height of the latest block, where the node that gave the outcome still has all of its blocks."""
        if outcome.state == "pending" or not 0 < len(outcome.block_hashes) <= _MAX_BLOCKS:
            return outcome

        async def height_at(block_hash: str) -> int | None:
            try:
                height = read_block(await endpoint.call("block", {"block_id": block_hash}), endpoint.host).height
            except VenueError:
                return None
            return height if self.survey.is_plausible(height) else None

        heights = await asyncio.gather(*map(height_at, outcome.block_hashes))
        height = None if None in heights else max(filter(None, heights), default=None)
        return msgspec.structs.replace(outcome, block_height=height)

    def _order(self) -> list[int]:
        count = len(self._endpoints)
        return [step % count for step in range(self._current, self._current + count)]

    async def _ask(self, method: str, params: Mapping[str, object], read: Callable[[bytes, str], T]) -> T:
        problems = []
        for index in self._order():
            endpoint = self._endpoints[index]
            try:
                raw = await endpoint.call(method, params)
            except UnreachableError as error:
                problems.append(str(error))
                continue
            except RefusedError as error:
                if is_definitive(error):
                    self._current = index
                    raise
                endpoint.count_failure(error)
                problems.append(f"{endpoint.host} refused: {error}")
                continue
            try:
                answer = read(raw, endpoint.host)
            except UnreachableError as error:
                endpoint.count_failure(error)
                problems.append(str(error))
                continue
            except RefusedError:
                self._current = index
                raise
            doubt = await self._doubt(endpoint, answer)
            if doubt:
                disbelieved = UnreachableError(f"{endpoint.host} is not believed: {doubt}")
                endpoint.count_failure(disbelieved)
                problems.append(str(disbelieved))
                continue
            self._current = index
            return answer
        raise UnreachableError("no NEAR RPC endpoint answered: " + "; ".join(problems))

    async def _doubt(self, endpoint: JsonRpc, answer: object) -> str:
        match answer:
            case (_, ViewResult(block_height=height)) | AccessKey(block_height=height):
                return await self.survey.problem(endpoint, height)
            case Block(height=height):
                return await self.survey.problem(endpoint, height) or self.survey.time_problem(endpoint, answer)
        return ""


async def _send(endpoint: JsonRpc, encoded: str, wait_until: WaitUntil) -> bytes:
    try:
        return await endpoint.call("send_tx", {"signed_tx_base64": encoded, "wait_until": wait_until})
    except RefusedError as error:
        if error.cause != "METHOD_NOT_FOUND" and "method not found" not in str(error).lower():
            raise
    return await endpoint.call("broadcast_tx_commit", [encoded])


async def _wait_for_outcome(endpoint: JsonRpc, params: Mapping[str, object], contract: str) -> TxOutcome:
    try:
        return read_outcome(await endpoint.call("tx", {**params, "wait_until": "FINAL"}), endpoint.host, contract)
    except VenueError:
        return PENDING
