"""A NEAR RPC node over the ledger: JSON-RPC bodies in nearcore's shapes, without HTTP."""

import base64
import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import msgspec

from venue.sandbox.base.faults import FaultTable, Node
from venue.sandbox.near import errors
from venue.sandbox.near.errors import InvalidTransactionError
from venue.sandbox.near.rpc_outcome import render_access_key, render_block, render_outcome
from venue.sandbox.near.transactions import GAS_PRICE as _GAS_PRICE
from venue.sandbox.near.transactions import RELAY_ACCOUNT, Outcome, Transactions
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.views import VIEWS
from venue.sandbox.wire.borsh import SignedTransaction, read_transaction
from venue.sandbox.wire.errors import ContractPanicError, LogLimitExceededError
from venue.sandbox.wire.timestamps import format_timestamp

GAS_PRICE = str(_GAS_PRICE)
"""yoctoNEAR per gas unit, as nodes write it."""

ErrorStyle = Literal["result", "error"]
"""Where a failed view is reported: in ``result.error`` (older nodes) or as a JSON-RPC ``error`` (newer ones)."""


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
            "gas_price": self._gas_price,
            "send_tx": self._send_tx,
            "broadcast_tx_commit": self._send_tx,
            "broadcast_tx_async": self._send_async,
            "tx": self._tx,
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
        fields = _object(params)
        kind = _text(fields, "request_type")
        account = _text(fields, "account_id")
        if kind == "call_function":
            return self._call_function(account, _text(fields, "method_name"), _base64(fields, "args_base64"))
        if kind == "view_access_key":
            return self._view_access_key(account, _text(fields, "public_key"))
        if kind == "view_access_key_list":
            keys = self._ledger.access_keys.of(account)
            listed = [
                {"public_key": name, "access_key": render_access_key(key, self._ledger.contract)}
                for name, key in keys.items()
            ]
            return {"keys": listed, **self._tip()}
        raise errors.NodeError(errors.parse_error(f"unknown variant `{kind}`"))

    def _call_function(self, account: str, method: str, args: bytes) -> object:
        view = self._view(account, method)
        if view is None:
            return self._view_failed("wasm execution failed with error: MethodResolveError(MethodNotFound)")
        try:
            value = view(args)
        except LogLimitExceededError as limit:
            inner = f"TotalLogLengthExceeded {{ length: {limit.length}, limit: {limit.limit} }}"
            return self._view_failed(f"wasm execution failed with error: HostError({inner})")
        except ContractPanicError as panic:
            text = msgspec.json.encode(str(panic)).decode()
            return self._view_failed(f"wasm execution failed with error: HostError(GuestPanic {{ panic_msg: {text} }})")
        return {"result": list(msgspec.json.encode(value)), "logs": [], **self._tip()}

    def _view(self, account: str, method: str) -> Callable[[bytes], object] | None:
        ledger = self._ledger
        if account != ledger.contract:
            if account not in ledger.contracts:
                raise errors.NodeError(errors.unknown_account(account, self._tip()))
            return ledger.contracts[account].get(method)
        own = VIEWS.get(method)
        return None if own is None or method in self._faults.current.verifier_lacks else partial(own, ledger)

    def _view_access_key(self, account: str, public_key: str) -> object:
        key = self._ledger.access_keys.find(account, public_key)
        if key is None and self._view_errors == "error":
            raise errors.NodeError(errors.unknown_access_key(public_key, self._tip()))
        if key is None:
            text = f"access key {public_key} does not exist while viewing"
            return {"error": text, "logs": [], **self._tip()}
        return render_access_key(key, self._ledger.contract) | self._tip()

    def _view_failed(self, text: str) -> object:
        if self._view_errors == "error":
            raise errors.NodeError(errors.contract_execution(text, self._tip()))
        return {"error": text, "logs": [], **self._tip()}

    def _block(self, params: Any) -> object:
        fields = _object(params)
        block_id = fields.get("block_id")
        height = self._ledger.height
        if isinstance(block_id, int):
            height = block_id
        elif block_id is not None and block_id != self._ledger.block_hash:
            raise errors.NodeError(errors.unknown_block(block_id))
        elif block_id is None and fields.get("finality") not in ("final", "optimistic", "near-final"):
            raise errors.NodeError(errors.parse_error("missing field `finality`"))
        if not self._ledger.blocks.holds(height):
            raise errors.NodeError(errors.unknown_block(height))
        return render_block(self._ledger, height, gas_price=GAS_PRICE, skew_ns=self._faults.skew_ns)

    def _status(self, params: Any) -> object:
        ledger = self._ledger
        sync = {
            "latest_block_height": ledger.height,
            "latest_block_hash": ledger.block_hash,
            "latest_block_time": format_timestamp(ledger.clock() + self._faults.skew_ns),
            "syncing": False,
        }
        return {"chain_id": "sandbox", "protocol_version": 80, "version": {"version": "sandbox"}, "sync_info": sync}

    def _gas_price(self, params: Any) -> object:
        return {"gas_price": GAS_PRICE}

    def _send_tx(self, params: Any) -> object:
        transaction = self._read(params)
        wait_until = str(params.get("wait_until", "EXECUTED_OPTIMISTIC") if isinstance(params, Mapping) else "FINAL")
        if wait_until == "NONE":
            self._submit(transaction)
            return {"final_execution_status": "NONE"}
        try:
            outcome = self.transactions.send(transaction)
        except InvalidTransactionError as invalid:
            raise errors.NodeError(errors.invalid_transaction(invalid.reason)) from invalid
        return render_outcome(outcome, wait_until=wait_until, gas_price=GAS_PRICE)

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
            raw = _base64(params, "signed_tx_base64")
        elif isinstance(params, list) and len(params) == 1:
            raw = _base64({"signed_tx_base64": params[0]}, "signed_tx_base64")
        else:
            raise errors.NodeError(errors.parse_error("missing field `signed_tx_base64`"))
        try:
            return read_transaction(raw)
        except ValueError as error:
            raise errors.NodeError(errors.parse_error(f"Failed to decode transaction: {error}")) from error

    def _tx(self, params: Any) -> object:
        if isinstance(params, list) and len(params) == 2:
            params = {"tx_hash": params[0], "sender_account_id": params[1]}
        fields = _object(params)
        tx_hash, sender = _text(fields, "tx_hash"), _text(fields, "sender_account_id")
        outcome = self._known(tx_hash)
        if outcome is None or outcome.transaction.signer_id not in (sender, RELAY_ACCOUNT):
            raise errors.NodeError(errors.unknown_transaction(tx_hash))
        wait_until = str(fields.get("wait_until", "EXECUTED_OPTIMISTIC"))
        if wait_until == "NONE":
            return {"final_execution_status": "NONE"}
        return render_outcome(outcome, wait_until=wait_until, gas_price=GAS_PRICE)

    def _known(self, tx_hash: str) -> Outcome | None:
        # Unless the node forgets transactions now, or has not reached the block.
        if self._faults.is_running("near_tx_unknown_s", self._name):
            return None
        outcome = self.transactions.find(tx_hash)
        return outcome if outcome is not None and outcome.height <= self._ledger.height else None

    def _tip(self) -> dict[str, object]:
        return {"block_height": self._ledger.height, "block_hash": self._ledger.block_hash}


def _failed(request_id: object, body: dict[str, object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "error": body, "id": request_id}


def _object(params: Any) -> Mapping[str, Any]:
    if not isinstance(params, Mapping):
        raise errors.NodeError(errors.parse_error("params are expected as an object"))
    return params


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise errors.NodeError(errors.parse_error(f"missing field `{name}`"))
    return value


def _base64(fields: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(_text(fields, name), validate=True)
    except ValueError as error:
        raise errors.NodeError(errors.parse_error(f"{name} is not base64")) from error
