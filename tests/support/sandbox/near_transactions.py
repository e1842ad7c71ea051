"""Transactions with anything in them, and calls of the sandbox's NEAR RPC."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import base58

from tests.support.sandbox.signing import Signer
from venue.near.transactions import FunctionCall, transaction_bytes
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.verifier.ledger import Ledger

TGAS = 10**12


def transaction(
    signer: Signer,
    ledger: Ledger,
    method: str,
    args: Mapping[str, object],
    *,
    deposit: int = 1,
    gas: int = 100 * TGAS,
    nonce: int | None = None,
    block_hash: str | None = None,
    receiver: str = "intents.near",
    actions: int = 1,
    forged: bool = False,
) -> tuple[str, str]:
    """Sign a transaction; return it as base64, and its hash as base58."""
    key = ledger.access_keys.find(signer.account, signer.public_key)
    following = nonce if nonce is not None else (0 if key is None else key.nonce) + 1
    call = FunctionCall(method, json.dumps(args).encode(), gas, deposit)
    named = base58.b58decode(ledger.block_hash if block_hash is None else block_hash)
    plain = transaction_bytes(
        signer.account, signer.raw_public, following, receiver_id=receiver, block_hash=named, calls=[call] * actions
    )
    digest = hashlib.sha256(plain).digest()
    signature = signer.key.sign(digest if not forged else b"\x00" * 32).signature
    return base64.b64encode(plain + b"\x00" + signature).decode(), base58.b58encode(digest).decode()


async def rpc(node: NearRpc, method: str, params: object) -> dict[str, Any]:
    """Return the whole response to one request."""
    return await node.handle({"jsonrpc": "2.0", "id": "t", "method": method, "params": params})


async def view(node: NearRpc, method: str, args: Mapping[str, object]) -> Any:
    """Return the decoded value of a view of the Verifier."""
    response = await rpc(node, "query", view_params(method, args))
    return json.loads(bytes(response["result"]["result"]))


def view_params(method: str, args: Mapping[str, object], account: str = "intents.near") -> dict[str, object]:
    return {
        "request_type": "call_function",
        "finality": "final",
        "account_id": account,
        "method_name": method,
        "args_base64": base64.b64encode(json.dumps(args).encode()).decode(),
    }
