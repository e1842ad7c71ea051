"""A NEAR RPC node over the ledger: JSON-RPC bodies in nearcore's shapes, without HTTP."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from venue.sandbox.base.fault_values import Node
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.near import errors
from venue.sandbox.near.block_references import height_named, height_of, is_hash
from venue.sandbox.near.chain_views import ChainView, network_info
from venue.sandbox.near.errors import InvalidTransactionError
from venue.sandbox.near.fees import GAS_PRICE as _GAS_PRICE
from venue.sandbox.near.queries import ErrorStyle, Queries, base64_of, text_of
from venue.sandbox.near.rarer_methods import object_of, rarer_methods
from venue.sandbox.near.rpc_outcome import render_outcome, render_receipts, render_transaction
from venue.sandbox.near.transactions import RELAY_ACCOUNT, Outcome, Transactions
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.borsh import SignedTransaction, read_transaction

GAS_PRICE = str(_GAS_PRICE)
"""yoctoNEAR per gas unit, as nodes write it."""
_WAITS = ("NONE", "INCLUDED", "EXECUTED_OPTIMISTIC", "INCLUDED_FINAL", "EXECUTED", "FINAL")


class NearRpc:
    """Answers decoded JSON-RPC requests from the ledger; several nodes may share one Transactions.

    ``name`` is the node's name in the table of faults.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        transactions: Transactions | None = None,
        view_errors: ErrorStyle = "result",
        name: Node = "near_a",
        faults: FaultTable | None = None,
    ) -> None:
        self._live = ledger
        self._stale: Ledger | None = None
        self._name = name
        self._faults = faults or FaultTable()
        self.transactions = Transactions(ledger, self._faults) if transactions is None else transactions
        self._view_errors = view_errors
        self._faults.on_change(self._faults_changed)
        self._methods: dict[str, Callable[[Any], object]] = {
            "query": self._query,
            "block": self._block,
            "status": self._status,
            "chunk": self._chunk,
            "validators": self._validators,
            "network_info": self._network_info,
            "health": self._health,
            "gas_price": self._gas_price,
            "send_tx": self._send_tx,
            "broadcast_tx_commit": self._send_tx,
            "broadcast_tx_async": self._send_async,
            "tx": self._tx,
            "EXPERIMENTAL_tx_status": self._tx_status,
            **rarer_methods(lambda: self._ledger, self._chain, self.transactions),
        }

    async def handle(self, request: object) -> dict[str, object]:
        """Return the response to any decoded JSON value: a JSON-RPC error for an invalid or failed request."""
        if not isinstance(request, Mapping):
            return _failed(None, errors.parse_error("a request is a JSON object"))
        request_id = request.get("id")
        method = request.get("method")
        if not isinstance(method, str):
            return _failed(request_id, errors.parse_error("missing field `method`"))
        handler = self._methods.get(method)
        if handler is None:
            return _failed(request_id, errors.method_not_found(method))
        try:
            result = handler(request.get("params"))
        except errors.NodeError as error:
            return _failed(request_id, error.body)
        return {"jsonrpc": "2.0", "result": result, "id": request_id}

    @property
    def _ledger(self) -> Ledger:
        # While the node stands still, an older state.
        if self._stale is not None and self._faults.is_running("near_stale_s", self._name):
            return self._stale
        self._stale = None
        return self._live

    def _faults_changed(self, faults: frozenset[str]) -> None:
        if "near_stale_s" in faults:
            self._stale = self._live.frozen()

    def _query(self, params: Any) -> object:
        lacks = frozenset(self._faults.current.verifier_lacks)
        return Queries(self._ledger, view_errors=self._view_errors, lacks=lacks).answer(params)

    def _block(self, params: Any) -> object:
        blocks = self._ledger.blocks
        if isinstance(params, list) and len(params) == 1:
            return self._chain().block(height_of(blocks, params[0]))
        return self._chain().block(height_named(blocks, object_of(params)))

    def _chunk(self, params: Any) -> object:
        chain, blocks = self._chain(), self._ledger.blocks
        named = params[0] if isinstance(params, list) and len(params) == 1 else params
        if isinstance(named, list) and len(named) == 2:
            return self._filled(height_of(blocks, named[0]))
        fields = {"chunk_id": named} if isinstance(named, str) else object_of(named)
        if fields.get("chunk_id") is None:
            return self._filled(height_of(blocks, fields.get("block_id")))
        height = chain.height_of_chunk(text_of(fields, "chunk_id"))
        if height is None:
            raise errors.NodeError(errors.unknown_chunk(fields["chunk_id"]))
        return self._filled(height)

    def _filled(self, height: int) -> object:
        """Return the chunk with the transactions that ran in it, but for the relay's."""
        outcomes = self.transactions.at(height)
        return {
            **self._chain().chunk(height),
            "transactions": [render_transaction(outcome) for outcome in outcomes],
            "receipts": [receipt for outcome in outcomes for receipt in render_receipts(outcome)],
        }

    def _status(self, params: Any) -> object:
        return self._chain().status(self._ledger.clock())

    def _validators(self, params: Any) -> object:
        return self._chain().validators()

    def _network_info(self, params: Any) -> object:
        return network_info()

    def _health(self, params: Any) -> object:
        return None

    def _chain(self) -> ChainView:
        return ChainView(self._ledger.blocks, gas_price=GAS_PRICE, skew_ns=self._faults.skew_ns)

    def _gas_price(self, params: Any) -> object:
        return {"gas_price": GAS_PRICE}

    def _send_tx(self, params: Any) -> object:
        transaction = self._read(params)
        wait_until = _wait_until(params) if isinstance(params, Mapping) else "FINAL"
        if wait_until == "NONE":
            self._submit(transaction)
            return {"final_execution_status": "NONE"}
        try:
            outcome = self.transactions.send(transaction)
        except InvalidTransactionError as invalid:
            raise errors.NodeError(errors.invalid_transaction(invalid.reason)) from invalid
        return render_outcome(outcome, wait_until=wait_until)

    def _send_async(self, params: Any) -> object:
        transaction = self._read(params)
        self._submit(transaction)
        return transaction.tx_hash

    def _submit(self, transaction: SignedTransaction) -> None:
        # A node that does not wait does not report whether the transaction may run.
        with contextlib.suppress(InvalidTransactionError):
            self.transactions.send(transaction)

    def _read(self, params: Any) -> SignedTransaction:
        if isinstance(params, Mapping):
            raw = base64_of(params, "signed_tx_base64")
        elif isinstance(params, list) and len(params) == 1:
            raw = base64_of({"signed_tx_base64": params[0]}, "signed_tx_base64")
        else:
            raise errors.NodeError(errors.parse_error("missing field `signed_tx_base64`"))
        try:
            return read_transaction(raw)
        except ValueError as error:
            raise errors.NodeError(errors.parse_error(f"Failed to decode transaction: {error}")) from error

    def _tx(self, params: Any) -> object:
        tx_hash, sender, wait_until = _named(params)
        if not is_hash(tx_hash):
            raise errors.NodeError(errors.parse_error(f"invalid hash {tx_hash!r}"))
        outcome = self._known(tx_hash)
        if outcome is None or outcome.transaction.signer_id not in (sender, RELAY_ACCOUNT):
            raise errors.NodeError(errors.unknown_transaction(tx_hash))
        if wait_until == "NONE":
            return {"final_execution_status": "NONE"}
        return render_outcome(outcome, wait_until=wait_until)

    def _tx_status(self, params: Any) -> object:
        found = self._tx(params)
        outcome = self._known(_named(params)[0])
        if outcome is None or not isinstance(found, dict) or "transaction" not in found:
            return found
        return {**found, "receipts": render_receipts(outcome)}

    def _known(self, tx_hash: str) -> Outcome | None:
        # Unless the node forgets transactions now, or has not reached the block.
        if self._faults.is_running("near_tx_unknown_s", self._name):
            return None
        outcome = self.transactions.find(tx_hash)
        return outcome if outcome is not None and outcome.height <= self._ledger.height else None


def _failed(request_id: object, body: dict[str, object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "error": body, "id": request_id}


def _named(params: Any) -> tuple[str, str, str]:
    """Return hash, sender and what to wait for, of a call that names a transaction."""
    if isinstance(params, list) and len(params) == 2:
        params = {"tx_hash": params[0], "sender_account_id": params[1]}
    fields = object_of(params)
    return text_of(fields, "tx_hash"), text_of(fields, "sender_account_id"), _wait_until(fields)


def _wait_until(fields: Mapping[str, Any]) -> str:
    named = fields.get("wait_until", "EXECUTED_OPTIMISTIC")
    if named not in _WAITS:
        known = ", ".join(f"`{name}`" for name in _WAITS)
        raise errors.NodeError(errors.parse_error(f"unknown variant `{named}`, expected one of {known}"))
    return str(named)
