"""Honest answers changed before they leave, as a peer that means harm, or is broken, would send them.

Nothing here looks at the ledger: a lie is told about an answer, so that the same lies can be told by any server.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

RawLie = Literal["html", "truncated", "digits", "deep", "other_id", "nothing"]
"""What spoils any JSON-RPC answer: another page, half of it, a number of 5,000 digits, 100,000 open brackets, the id of
another request, an empty body."""
NearLie = Literal[
    RawLie,
    "height_ahead",
    "height_behind",
    "time_ahead",
    "time_behind",
    "time_end",
    "balances_more",
    "balances_less",
    "balances_zero",
    "nonces_used",
    "nonces_unused",
    "salts_invalid",
    "salt_other",
    "key_unknown",
]
BridgeLie = Literal[
    RawLie,
    "fee",
    "decimals",
    "completed",
    "failed",
    "deposit_twice",
    "deposit_foreign",
    "deposit_amount",
    "deposit_early",
    "long_hash",
    "address",
]
RelayLie = Literal[RawLie, "settled", "failed", "long_hash"]
StatusLie = Literal["settled", "thrice", "other_hash", "long_hash", "flood", "garbage"]
"""What the relay tells of settlements on its websocket: one for each quote that it accepted, each true one three times,
under another transaction, with an absurd one, among those of 500 other quotes, or after frames of garbage."""
FLOOD = 500
GARBAGE = ("", "hello", "[" * 60_000, '{"method":"event"', '{"jsonrpc":"2.0","id":1,"result":' + "9" * 5_000 + "}")

HEIGHT_AHEAD = 999_999_999_999
LONG_HASH = "\x1b]52;c;bm90IHlvdXJz\x07" + "f" * 6_000
"""Too long for an index of a database, and it would reach a terminal's clipboard."""
OTHER_ADDRESSES = {
    "btc:mainnet": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "eth:100": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
}
_TEN_YEARS_NS = 315_360_000 * 10**9
_AHEAD_NS = 700 * 10**9
_DIGITS = b"9" * 5_000

Answer = dict[str, Any]


def near_answer(lie: NearLie, request: object, answer: Answer) -> Answer:
    """Return a node's answer to a JSON-RPC request as the lie has it."""
    result = answer.get("result")
    if not isinstance(result, dict):
        return answer
    if "header" in result:
        return {**answer, "result": {**result, "header": _header(lie, result["header"])}}
    if lie in ("height_ahead", "height_behind") and "block_height" in result:
        result = {**result, "block_height": _height(lie, result["block_height"])}
    view = _view(request)
    if view and isinstance(result.get("result"), list):
        value = _viewed(lie, view, json.loads(bytes(result["result"])))
        result = {**result, "result": list(json.dumps(value, separators=(",", ":")).encode())}
    return {**answer, "result": result}


def bridge_answer(lie: BridgeLie, request: object, answer: Answer) -> Answer:
    """Return the bridge's answer to a JSON-RPC request as the lie has it."""
    result = answer.get("result")
    if not isinstance(result, dict):
        return answer
    method = _method(request)
    if method == "recent_deposits":
        result = {**result, **_deposits(lie, result["deposits"], result["total"])}
    elif method in ("withdrawal_status", "recent_withdrawals"):
        rows = result.get("withdrawals")
        result = (
            {**result, "withdrawals": [_withdrawal(lie, row) for row in rows]}
            if isinstance(rows, list)
            else _withdrawal(lie, result)
        )
    elif method == "deposit_address" and lie == "address":
        result = {**result, "address": OTHER_ADDRESSES.get(result["chain"], "nowhere")}
    elif method == "withdrawal_estimate":
        result = {**result, **_estimate(lie, result)}
    return {**answer, "result": result}


def relay_answer(lie: RelayLie, request: object, answer: Answer) -> Answer:
    """Return the relay's answer to a JSON-RPC request as the lie has it."""
    method, name = _method(request), _parameter(request).get("intent_hash", "")
    if method == "get_status" and lie == "settled":
        result: object = {"status": "SETTLED", "intent_hash": name, "data": {"hash": "1" * 44}}
    elif method == "get_status" and lie == "failed":
        result = {"status": "NOT_FOUND_OR_NOT_VALID", "intent_hash": name, "status_details": "FAILED"}
    elif lie == "long_hash" and isinstance(answer.get("result"), dict):
        result = {**answer["result"], "intent_hash": LONG_HASH, "data": {"hash": LONG_HASH}}
    else:
        return answer
    return {"jsonrpc": "2.0", "id": answer.get("id"), "result": result}


def spoiled(lie: str, answer: Answer) -> bytes:
    """Return the JSON of the answer, spoiled when the lie is one of ``RawLie``."""
    if lie == "other_id":
        answer = {**answer, "id": "another"}
    raw = json.dumps(answer).encode()
    match lie:
        case "html":
            return b"<html><body>upstream</body></html>"
        case "truncated":
            return raw[: len(raw) // 2]
        case "digits":
            return _with_digits(raw)
        case "deep":
            return b"[" * 100_000
        case "nothing":
            return b""
    return raw


def _with_digits(raw: bytes) -> bytes:
    # In the place of the last number, where there is one.
    at = len(raw)
    while at and not raw[at - 1 : at].isdigit():
        at -= 1
    start = at
    while start and raw[start - 1 : start].isdigit():
        start -= 1
    return raw[:start] + _DIGITS + raw[at:]


def _header(lie: NearLie, header: Answer) -> Answer:
    shift = {"time_ahead": _AHEAD_NS, "time_behind": -_AHEAD_NS, "time_end": _TEN_YEARS_NS}.get(lie)
    if shift is not None:
        ns = int(header["timestamp_nanosec"]) + shift
        return {**header, "timestamp": ns, "timestamp_nanosec": str(ns)}
    return {**header, "height": _height(lie, header["height"])}


def _height(lie: NearLie, height: int) -> int:
    return HEIGHT_AHEAD if lie == "height_ahead" else height - 50_000 if lie == "height_behind" else height


def _viewed(lie: NearLie, view: str, value: Any) -> Any:
    lies: Mapping[tuple[str, str], Callable[[Any], Any]] = {
        ("mt_batch_balance_of", "balances_more"): lambda found: [str(int(one) + 777_777) for one in found],
        ("mt_batch_balance_of", "balances_less"): lambda found: [str(int(one) * 3 // 7) for one in found],
        ("mt_batch_balance_of", "balances_zero"): lambda found: ["0"] * len(found),
        ("is_nonce_used", "nonces_used"): lambda found: True,
        ("is_nonce_used", "nonces_unused"): lambda found: False,
        ("is_valid_salt", "salts_invalid"): lambda found: False,
        ("current_salt", "salt_other"): lambda found: "deadbeef",
        ("has_public_key", "key_unknown"): lambda found: False,
    }
    told = lies.get((view, lie))
    return value if told is None else told(value)


def _deposits(lie: BridgeLie, rows: list[Answer], total: int) -> Answer:
    match lie:
        case "deposit_twice":
            rows = [row for row in rows for _ in range(2)]
        case "deposit_foreign":
            rows = [{**row, "account_id": "mallory.near"} for row in rows]
        case "deposit_amount":
            rows = [{**row, "amount": str(int(row["amount"]) * 10)} for row in rows]
        case "deposit_early":
            rows = [{**row, "status": "CREDITED"} for row in rows]
        case "long_hash":
            rows = [{**row, "tx_hash": LONG_HASH} for row in rows]
        case _:
            return {}
    return {"deposits": rows, "total": max(total, len(rows))}


def _withdrawal(lie: BridgeLie, row: Answer) -> Answer:
    data = row.get("data")
    if not isinstance(data, dict):
        return row
    if lie == "completed":
        return {**row, "status": "COMPLETED", "data": {**data, "transfer_tx_hash": "a" * 64}}
    if lie == "failed":
        return {**row, "status": "FAILED"}
    if lie == "long_hash":
        return {**row, "data": {**data, "transfer_tx_hash": LONG_HASH}}
    return row


def _estimate(lie: BridgeLie, result: Answer) -> Answer:
    if lie == "fee":
        return {"withdrawalFee": str(int(result["withdrawalFee"]) * 600)}
    return {"withdrawalFeeDecimals": 6} if lie == "decimals" else {}


def _method(request: object) -> object:
    return request.get("method") if isinstance(request, Mapping) else None


def _parameter(request: object) -> Mapping[str, Any]:
    params = request.get("params") if isinstance(request, Mapping) else None
    if isinstance(params, list) and len(params) == 1:
        params = params[0]
    return params if isinstance(params, Mapping) else {}


def _view(request: object) -> str:
    return str(_parameter(request).get("method_name", "")) if _method(request) == "query" else ""


def statuses(lie: StatusLie, data: Answer) -> list[Answer]:
    """Return the data of the events that take the place of a true settlement's, in their order."""
    match lie:
        case "thrice":
            return [data] * 3
        case "other_hash":
            return [{**data, "tx_hash": "2" * 44, "intent_hash": "3" * 44}, data]
        case "long_hash":
            return [{**data, "tx_hash": LONG_HASH, "intent_hash": LONG_HASH}]
        case "flood":
            return [*({**data, "quote_hash": f"4{number:043}"} for number in range(FLOOD)), data]
        case _:
            return [data]


def untrue_settlement(quote_hash: str) -> Answer:
    """Return the data of a settlement that never was."""
    return {"quote_hash": quote_hash, "intent_hash": "5" * 44, "tx_hash": "6" * 44}
