"""``query`` of a NEAR node: accounts, keys, code and views, of the state at the tip or of a block shortly before."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import base58
import msgspec

from venue.sandbox.near import errors
from venue.sandbox.near.block_references import height_named
from venue.sandbox.near.errors import NodeError
from venue.sandbox.near.rpc_outcome import render_access_key
from venue.sandbox.near.validation import storage_of
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.views import VIEWS
from venue.sandbox.wire.errors import ContractPanicError, HostError
from venue.sandbox.wire.scalars import parse_account_id

ErrorStyle = Literal["result", "error"]
"""Where a failed view is reported: in ``result.error``, or as a JSON-RPC ``error``; real nodes do either."""

NO_CODE = "1" * 32
"""The code hash of an account without a contract."""
CODE = b"\x00asm\x01\x00\x00\x00"
"""What contracts show as their code: an empty WebAssembly module, since none runs here."""
CODE_HASH = base58.b58encode(hashlib.sha256(CODE).digest()).decode()
_PATHS = {
    "account": "view_account",
    "access_key": "view_access_key",
    "code": "view_code",
    "contract": "view_state",
    "call": "call_function",
}


class Queries:
    """Answers queries about ``ledger``; ``lacks`` names methods that the Verifier's version does not have."""

    def __init__(self, ledger: Ledger, *, view_errors: ErrorStyle, lacks: frozenset[str]) -> None:
        self._ledger = ledger
        self._view_errors = view_errors
        self._lacks = lacks

    def answer(self, params: Any) -> object:
        """Answer one query. Raises NodeError."""
        fields = _by_path(params) if isinstance(params, list) else params
        if not isinstance(fields, Mapping):
            raise NodeError(errors.parse_error("params are expected as an object"))
        blocks = self._ledger.blocks
        height = height_named(blocks, fields)
        state = self._ledger.state_at(height)
        if state is None:
            raise NodeError(errors.garbage_collected(height, blocks.hash_at(height)))
        return Queries(state, view_errors=self._view_errors, lacks=self._lacks)._at_tip(fields)

    def _at_tip(self, fields: Mapping[str, Any]) -> object:
        account = self._account(fields)
        match text_of(fields, "request_type"):
            case "call_function":
                return self._call(account, text_of(fields, "method_name"), base64_of(fields, "args_base64"))
            case "view_access_key":
                return self._access_key(account, text_of(fields, "public_key"))
            case "view_access_key_list":
                return {"keys": self._access_keys(account), **self._tip()}
            case "view_account":
                return self._view_account(account)
            case "view_code":
                self._check_exists(account)
                if not self._is_contract(account):
                    raise NodeError(errors.no_contract_code(account, self._tip()))
                return {"code_base64": base64.b64encode(CODE).decode(), "hash": CODE_HASH, **self._tip()}
            case "view_state":
                self._check_exists(account)
                if self._is_contract(account):
                    raise NodeError(errors.too_large_state(account, self._tip()))
                return {"values": [], "proof": [], **self._tip()}
            case kind:
                raise NodeError(errors.parse_error(f"unknown variant `{kind}`"))

    def _account(self, fields: Mapping[str, Any]) -> str:
        account = text_of(fields, "account_id")
        try:
            return parse_account_id(account)
        except ValueError:
            raise NodeError(errors.invalid_account(account, self._tip())) from None

    def _view_account(self, account: str) -> object:
        self._check_exists(account)
        return {
            "amount": str(self._ledger.near_balances.of(account)),
            "locked": "0",
            "code_hash": CODE_HASH if self._is_contract(account) else NO_CODE,
            "storage_usage": storage_of(self._ledger, account),
            "storage_paid_at": 0,
            **self._tip(),
        }

    def _access_key(self, account: str, public_key: str) -> object:
        key = self._ledger.access_keys.find(account, public_key)
        if key is None and self._view_errors == "error":
            raise NodeError(errors.unknown_access_key(public_key, self._tip()))
        if key is None:
            text = f"access key {public_key} does not exist while viewing"
            return {"error": text, "logs": [], **self._tip()}
        return render_access_key(key) | self._tip()

    def _access_keys(self, account: str) -> list[object]:
        keys = self._ledger.access_keys.of(account)
        return [{"public_key": name, "access_key": render_access_key(key)} for name, key in keys.items()]

    def _call(self, account: str, method: str, args: bytes) -> object:
        view = self._view(account, method)
        if view is None:
            return self._view_failed("wasm execution failed with error: MethodResolveError(MethodNotFound)")
        try:
            value = view(args)
        except HostError as error:
            return self._view_failed(f"wasm execution failed with error: HostError({error.kind})")
        except ContractPanicError as panic:
            text = msgspec.json.encode(str(panic)).decode()
            return self._view_failed(f"wasm execution failed with error: HostError(GuestPanic {{ panic_msg: {text} }})")
        return {"result": list(msgspec.json.encode(value)), "logs": [], **self._tip()}

    def _view(self, account: str, method: str) -> Callable[[bytes], object] | None:
        ledger = self._ledger
        if account != ledger.contract:
            if account not in ledger.contracts:
                self._check_exists(account)
                return None
            return ledger.contracts[account].get(method)
        own = VIEWS.get(method)
        return None if own is None or method in self._lacks else partial(own, ledger)

    def _view_failed(self, text: str) -> object:
        if self._view_errors == "error":
            raise NodeError(errors.contract_execution(text, self._tip()))
        return {"error": text, "logs": [], **self._tip()}

    def _is_contract(self, account: str) -> bool:
        return account == self._ledger.contract or account in self._ledger.contracts

    def _check_exists(self, account: str) -> None:
        if not self._is_contract(account) and not self._ledger.near_balances.exists(account):
            raise NodeError(errors.unknown_account(account, self._tip()))

    def _tip(self) -> dict[str, object]:
        return {"block_height": self._ledger.height, "block_hash": self._ledger.block_hash}


def text_of(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise NodeError(errors.parse_error(f"missing field `{name}`"))
    return value


def base64_of(fields: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(text_of(fields, name), validate=True)
    except ValueError as error:
        raise NodeError(errors.parse_error(f"{name} is not base64")) from error


def _by_path(params: list[Any]) -> dict[str, object]:
    """Read the older form: a path and base58 data, of the newest block."""
    if len(params) != 2 or not all(isinstance(part, str) for part in params):
        raise NodeError(errors.parse_error("a path and base58 data are expected"))
    kind, _, rest = params[0].partition("/")
    account, _, last = rest.partition("/")
    if kind not in _PATHS:
        raise NodeError(errors.parse_error(f"Unknown path {kind}"))
    try:
        data = base58.b58decode(params[1])
    except ValueError:
        raise NodeError(errors.parse_error("the data is not base58")) from None
    fields: dict[str, object] = {"request_type": _PATHS[kind], "account_id": account, "finality": "final"}
    if kind == "access_key":
        return fields | ({"public_key": last} if last else {"request_type": "view_access_key_list"})
    return fields | {"method_name": last, "args_base64": base64.b64encode(data).decode()}
