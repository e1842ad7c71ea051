"""The bridge's endpoint (Passive Deposit/Withdrawal Service): decoded JSON-RPC in and out, without HTTP."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from venue.sandbox.bridges.addresses import read_address
from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.errors import BridgeError
from venue.sandbox.bridges.records import BridgeToken, BridgeWithdrawal, Deposit
from venue.sandbox.wire.scalars import parse_account_id

MAX_LIMIT = 100
USUAL_LIMIT = 20
"""Rows of a page where none is named; more than ``MAX_LIMIT`` are never given (both documented)."""


class BridgeRpc:
    def __init__(self, bridge: Bridge, clock: Callable[[], int]) -> None:
        self._bridge = bridge
        self._clock = clock
        self._answers = 0
        self._estimates = 0
        self._methods: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "supported_tokens": self._supported_tokens,
            "deposit_address": self._deposit_address,
            "recent_deposits": self._recent_deposits,
            "withdrawal_estimate": self._withdrawal_estimate,
            "withdrawal_status": self._withdrawal_status,
            "recent_withdrawals": self._recent_withdrawals,
            "notify_deposit": self._notify_deposit,
        }

    async def handle(self, request: object) -> dict[str, object]:
        """Return the response to any decoded JSON value. Errors are bare text, unless they come in turns."""
        self._bridge.advance(self._clock())
        self._answers += 1
        if not isinstance(request, Mapping):
            return self._failed(None, BridgeError("Invalid request", -32600))
        request_id = request.get("id")
        handler = self._methods.get(method) if isinstance(method := request.get("method"), str) else None
        if handler is None:
            return self._failed(request_id, BridgeError("Method not found", -32601))
        try:
            result = handler(_params(request.get("params")))
        except BridgeError as error:
            return self._failed(request_id, error)
        return {"jsonrpc": "2.0", "id": self._echo(request_id), "result": result}

    @property
    def _odd(self) -> bool:
        return self._answers % 2 == 1

    def _supported_tokens(self, params: Mapping[str, Any]) -> object:
        chains = params.get("chains")
        if chains is not None and not (isinstance(chains, list) and all(isinstance(one, str) for one in chains)):
            raise BridgeError("Invalid params: chains", -32602)
        factor = self._bridge.faults.current.fee_factor
        delisted = self._bridge.faults.current.bridge_delists
        listed = [token for token in self._bridge.tokens if token.asset.token_id not in delisted]
        wanted = [token for token in listed if not chains or token.asset.chain in chains]
        return {"tokens": [token.render(factor) for token in wanted]}

    def _deposit_address(self, params: Mapping[str, Any]) -> object:
        account, chain = _account(params), self._chain(params)
        return {"address": self._bridge.address(account, chain), "chain": chain}

    def _recent_deposits(self, params: Mapping[str, Any]) -> object:
        account, now = _account(params), self._clock()
        seen = reversed(self._bridge.deposits)
        rows: list[Deposit] = [row for row in seen if row.account == account and row.seen_ns <= now]
        chain, status = _text(params, "chain"), _text(params, "status")
        rows = [row for row in rows if chain in (None, row.token.asset.chain) and status in (None, row.status)]
        limit, offset = _page(params)
        page = [row.render() for row in rows[offset : offset + limit]]
        return {"deposits": page, "total": len(rows), "limit": limit, "offset": offset}

    def _withdrawal_estimate(self, params: Mapping[str, Any]) -> object:
        chain, name = self._chain(params), params.get("token")
        token = self._named(chain, name)
        if token is None:
            raise BridgeError("Unsupported token")
        address = params.get("address")
        if not isinstance(address, str) or read_address(chain, address) is None:
            # That it refuses is inferred from its refusing the withdrawal; its words are not published.
            raise BridgeError("Invalid address")
        if self._bridge.faults.count_down("estimate_fails"):
            raise BridgeError("Failed to estimate the withdrawal fee")
        fee = self._bridge.fee(token)
        self._estimates += 1
        return {
            "tokenAddress": token.asset.near_token,
            "userAddress": address,
            "withdrawalFee": str(fee) if self._estimates % 2 else fee,
            "withdrawalFeeDecimals": token.asset.decimals,
            "token": token.render(self._bridge.faults.current.fee_factor),
        }

    def _withdrawal_status(self, params: Mapping[str, Any]) -> object:
        wanted = params.get("withdrawal_hash")
        rows = [row for row in self._indexed() if row.tx_hash == wanted]
        if not rows:
            raise BridgeError("Withdrawals not found")
        shape = self._bridge.faults.current.status_shape
        if len(rows) == 1 and shape == "both":
            # Clients of either form are about, and the real answer is not published: what both can read.
            return rows[0].render() | {"withdrawals": [rows[0].render()]}
        if len(rows) == 1 and shape != "list":
            return rows[0].render()
        random.Random(f"{wanted}/{self._answers}").shuffle(rows)
        return {"withdrawals": [row.render() for row in rows]} if shape != "data" else rows[0].render()

    def _recent_withdrawals(self, params: Mapping[str, Any]) -> object:
        account = _account(params)
        rows = [row for row in reversed(self._indexed()) if row.account == account]
        chain = _text(params, "chain")
        rows = [row for row in rows if chain in (None, row.token.asset.chain)]
        limit, offset = _page(params)
        page = [row.render() for row in rows[offset : offset + limit]]
        return {"withdrawals": page, "total": len(rows), "limit": limit, "offset": offset}

    def _notify_deposit(self, params: Mapping[str, Any]) -> object:
        chain, tx_hash = self._chain(params), params.get("tx_hash")
        if not isinstance(tx_hash, str) or not isinstance(params.get("deposit_address"), str):
            raise BridgeError("Invalid params: tx_hash", -32602)
        self._bridge.look(chain, tx_hash)
        return {}

    def _indexed(self) -> list[BridgeWithdrawal]:
        if self._bridge.faults.is_running("bridge_not_found_s"):
            return []
        now = self._clock()
        return [row for row in self._bridge.withdrawals if row.indexed_ns <= now]

    def _chain(self, params: Mapping[str, Any]) -> str:
        chain = params.get("chain")
        if not isinstance(chain, str) or all(token.asset.chain != chain for token in self._bridge.tokens):
            raise BridgeError("Unsupported chain")
        return chain

    def _named(self, chain: str, name: object) -> BridgeToken | None:
        rows = [row for row in self._bridge.tokens if row.asset.chain == chain]
        exact = next((row for row in rows if name in (row.asset.near_token, row.asset.token_id)), None)
        if exact is not None:
            return exact
        # Tokens of one coin share the identifier: it means the one that deposits become.
        credited = self._bridge.credited(chain)
        return credited if credited is not None and _names_coin(credited, name) else None

    def _echo(self, request_id: object) -> object:
        plain = isinstance(request_id, int) and not isinstance(request_id, bool)
        return str(request_id) if plain and self._bridge.faults.current.bridge_varies and self._odd else request_id

    def _failed(self, request_id: object, error: BridgeError) -> dict[str, object]:
        varies = self._bridge.faults.current.bridge_varies and self._odd
        body: object = {"code": error.code, "message": str(error)} if varies else str(error)
        return {"jsonrpc": "2.0", "id": self._echo(request_id), "error": body}


def _params(params: object) -> Mapping[str, Any]:
    if isinstance(params, list) and len(params) == 1:
        params = params[0]
    if not isinstance(params, Mapping):
        raise BridgeError("Invalid params", -32602)
    return params


def _account(params: Mapping[str, Any]) -> str:
    try:
        return parse_account_id(params.get("account_id"))
    except ValueError as error:
        raise BridgeError("Invalid params: account_id", -32602) from error


def _text(params: Mapping[str, Any], name: str) -> str | None:
    """Return a filter, None where none is given. A name that nothing has matches nothing."""
    given = params.get(name)
    if given is not None and not isinstance(given, str):
        raise BridgeError(f"Invalid params: {name}", -32602)
    return given


def _page(params: Mapping[str, Any]) -> tuple[int, int]:
    limit, offset = params.get("limit"), params.get("offset")
    limit, offset = USUAL_LIMIT if limit is None else limit, 0 if offset is None else offset
    if type(limit) is not int or type(offset) is not int or limit < 1 or offset < 0:
        raise BridgeError("Invalid params: limit, offset", -32602)
    return min(limit, MAX_LIMIT), offset


def _names_coin(token: BridgeToken, name: object) -> bool:
    return name in (token.identifier, token.identifier.split(":", 2)[2])
