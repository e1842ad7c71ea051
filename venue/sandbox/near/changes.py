"""What transactions changed in a block: accounts and access keys, as ``changes`` and ``block_effects`` show them.

The storage of contracts is not played: none of its changes are listed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from venue.sandbox.near import errors
from venue.sandbox.near.errors import NodeError
from venue.sandbox.near.queries import CODE_HASH, NO_CODE
from venue.sandbox.near.rpc_outcome import render_access_key
from venue.sandbox.near.transactions import Outcome, Touched, receipt_id

_KINDS = (
    "account_changes",
    "single_access_key_changes",
    "all_access_key_changes",
    "single_gas_key_changes",
    "all_gas_key_changes",
    "contract_code_changes",
    "data_changes",
)


def changes(outcomes: Iterable[Outcome], fields: Mapping[str, Any]) -> list[dict[str, object]]:
    """Return the changes of one kind that these transactions made. Raises NodeError."""
    kind = fields.get("changes_type")
    if kind not in _KINDS:
        raise NodeError(errors.parse_error(f"unknown variant `{kind}`, expected one of {', '.join(_KINDS)}"))
    if kind == "single_access_key_changes":
        wanted = [(str(key.get("account_id")), key.get("public_key")) for key in _objects(fields, "keys")]
    else:
        wanted = [(account, None) for account in _texts(fields, "account_ids")]
    found: list[dict[str, object]] = []
    for outcome in outcomes:
        for touched in outcome.touched:
            cause = {"type": "receipt_processing", "receipt_hash": receipt_id(outcome, "call")}
            for account, public_key in dict.fromkeys(wanted):
                if account != touched.account:
                    continue
                if kind == "account_changes":
                    found.append({"cause": cause, **_account(touched)})
                elif kind.endswith("access_key_changes"):
                    found += [{"cause": cause, **one} for one in _keys(touched, public_key)]
    return found


def effects(outcomes: Iterable[Outcome]) -> list[dict[str, str]]:
    """Return what kinds of things these transactions changed; contracts change data of their own."""
    found: dict[tuple[str, str], None] = {}
    for outcome in outcomes:
        for touched in outcome.touched:
            found[touched.account, "account_touched"] = None
            if touched.keys:
                found[touched.account, "access_key_touched"] = None
            if touched.contract:
                found[touched.account, "data_touched"] = None
    return [{"type": kind, "account_id": account} for account, kind in found]


def _account(touched: Touched) -> dict[str, object]:
    if touched.held is None:
        return {"type": "account_deletion", "change": {"account_id": touched.account}}
    change = {
        "account_id": touched.account,
        "amount": str(touched.held),
        "locked": "0",
        "code_hash": CODE_HASH if touched.contract else NO_CODE,
        "storage_usage": touched.storage,
        "storage_paid_at": 0,
    }
    return {"type": "account_update", "change": change}


def _keys(touched: Touched, public_key: object) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, key in touched.keys:
        if public_key not in (None, name):
            continue
        named = {"account_id": touched.account, "public_key": name}
        if key is None:
            rows.append({"type": "access_key_deletion", "change": named})
        else:
            rows.append({"type": "access_key_update", "change": {**named, "access_key": render_access_key(key)}})
    return rows


def _texts(fields: Mapping[str, Any], name: str) -> list[str]:
    value = fields.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise NodeError(errors.parse_error(f"missing field `{name}`"))
    return value


def _objects(fields: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = fields.get(name)
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise NodeError(errors.parse_error(f"missing field `{name}`"))
    return value
