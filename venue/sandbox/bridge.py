"""The bridge (Passive Deposit/Withdrawal Service) on the ledger: JSON-RPC in and out, deposits, withdrawals."""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import base58

from venue.sandbox.bridge_records import TOKENS, BridgeToken, Deposit, Withdrawal
from venue.sandbox.ledger import Burn, ContractPanic, Ledger
from venue.sandbox.payload import parse_account_id

SECOND = 1_000_000_000
MEMO = "WITHDRAW_TO:"
MAX_LIMIT = 100


class BridgeError(Exception):
    """A request the bridge answers with an error; ``str()`` is its text."""

    def __init__(self, text: str, code: int = -32000) -> None:
        super().__init__(text)
        self.code = code


class Bridge:
    """Deposits and withdrawals between other chains and the ledger; times in UTC nanoseconds by ``clock``.

    A withdrawal is burned on the ledger first, known here after ``index_after_ns``, done after ``complete_after_ns``.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Callable[[], int],
        *,
        rng: random.Random,
        tokens: Sequence[BridgeToken] = TOKENS,
        index_after_ns: int = 2 * SECOND,
        complete_after_ns: int = 20 * SECOND,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._rng = rng
        self._tokens = tuple(tokens)
        self._index_after_ns = index_after_ns
        self._complete_after_ns = complete_after_ns
        self._deposits: list[Deposit] = []
        self._withdrawals: list[Withdrawal] = []
        self._answers = 0
        self._methods: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "supported_tokens": self._supported_tokens,
            "deposit_address": self._deposit_address,
            "recent_deposits": self._recent_deposits,
            "withdrawal_estimate": self._withdrawal_estimate,
            "withdrawal_status": self._withdrawal_status,
            "recent_withdrawals": self._recent_withdrawals,
            "notify_deposit": self._notify_deposit,
        }
        ledger.on_burn(self._burned)

    def deposit(self, account: str, token_id: str, amount: int, *, confirm_after_ns: int, fails: bool = False) -> str:
        """Start a deposit of base units that is credited (or fails) after the delay; its hash on the other chain.

        Raises ValueError for a token the bridge does not carry or an amount that is not positive.
        """
        token = self._token(lambda known: known.asset.token_id == token_id)
        if token is None or amount <= 0:
            raise ValueError(f"the bridge takes positive amounts of its own tokens, not {amount} of {token_id}")
        now = self._clock()
        chain = token.asset.chain
        record = Deposit(
            token=token,
            account=account,
            amount=amount,
            address=deposit_address(account, chain),
            sender=deposit_address(f"sender of {account}", chain),
            tx_hash=self._foreign_hash(chain),
            mint_tx_hash=self._near_hash(),
            created_ns=now,
            due_ns=now + confirm_after_ns,
            fails=fails,
            number=len(self._deposits),
        )
        self._deposits.append(record)
        return record.tx_hash

    @property
    def deposits(self) -> tuple[Deposit, ...]:
        """Every deposit so far, oldest first."""
        return tuple(self._deposits)

    def advance(self, now_ns: int) -> None:
        """Credit deposits and complete withdrawals that are due at ``now_ns``; calling it twice does nothing more."""
        for deposit in self._deposits:
            if deposit.status == "PENDING" and deposit.due_ns <= now_ns:
                self._settle(deposit)
        for withdrawal in self._withdrawals:
            if withdrawal.status == "PENDING" and withdrawal.due_ns <= now_ns:
                small = withdrawal.amount < withdrawal.token.min_withdrawal
                withdrawal.status = "FAILED" if small else "COMPLETED"

    async def handle(self, request: object) -> dict[str, object]:
        """The response to any decoded JSON value. As the real one does, ids come back as they were or as strings, and
        errors as an object or as a bare string, in turns."""
        self.advance(self._clock())
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

    def _settle(self, deposit: Deposit) -> None:
        if deposit.fails:
            deposit.status = "FAILED"
            return
        try:
            self._ledger.mint(deposit.account, deposit.token.asset.token_id, deposit.amount)
        except ContractPanic:
            deposit.status = "FAILED"
        else:
            deposit.status = "CREDITED"

    def _burned(self, burn: Burn) -> None:
        token = self._token(lambda known: known.asset.near_token == burn.token)
        if token is None or burn.receiver_id != burn.token or not (burn.memo or "").startswith(MEMO):
            return
        self._withdrawals.append(
            Withdrawal(
                token=token,
                account=burn.account,
                amount=burn.amount,
                address=(burn.memo or "").removeprefix(MEMO),
                tx_hash=burn.tx_hash,
                transfer_tx_hash=self._foreign_hash(token.asset.chain),
                created_ns=burn.at_ns,
                indexed_ns=burn.at_ns + self._index_after_ns,
                due_ns=burn.at_ns + self._complete_after_ns,
                number=len(self._withdrawals),
            )
        )

    def _supported_tokens(self, params: Mapping[str, Any]) -> object:
        chains = params.get("chains")
        if chains is not None and not isinstance(chains, list):
            raise BridgeError("Invalid params: chains", -32602)
        return {"tokens": [token.render() for token in self._tokens if not chains or token.asset.chain in chains]}

    def _deposit_address(self, params: Mapping[str, Any]) -> object:
        account, chain = _account(params), self._chain(params)
        return {"address": deposit_address(account, chain), "chain": chain}

    def _recent_deposits(self, params: Mapping[str, Any]) -> object:
        account = _account(params)
        rows = [row for row in reversed(self._deposits) if row.account == account]
        if params.get("chain") is not None:
            rows = [row for row in rows if row.token.asset.chain == params["chain"]]
        if params.get("status") is not None:
            rows = [row for row in rows if row.status == params["status"]]
        limit, offset = _page(params)
        page = [row.render() for row in rows[offset : offset + limit]]
        return {"deposits": page, "total": len(rows), "limit": limit, "offset": offset}

    def _withdrawal_estimate(self, params: Mapping[str, Any]) -> object:
        chain, name = self._chain(params), params.get("token")
        token = self._token(lambda known: known.asset.chain == chain and _names(known, name))
        if token is None:
            raise BridgeError("Unsupported token")
        return {
            "tokenAddress": token.asset.near_token,
            "userAddress": params.get("address"),
            "withdrawalFee": str(token.withdrawal_fee),
            "withdrawalFeeDecimals": token.asset.decimals,
            "token": token.render(),
        }

    def _withdrawal_status(self, params: Mapping[str, Any]) -> object:
        wanted, now = params.get("withdrawal_hash"), self._clock()
        rows = [row for row in self._withdrawals if row.tx_hash == wanted and row.indexed_ns <= now]
        if not rows:
            raise BridgeError("Withdrawals not found")
        if len(rows) == 1:
            return rows[0].render()
        return {"withdrawals": [row.render() for row in reversed(rows)]}

    def _recent_withdrawals(self, params: Mapping[str, Any]) -> object:
        account, now = _account(params), self._clock()
        rows = [row for row in reversed(self._withdrawals) if row.account == account and row.indexed_ns <= now]
        if params.get("chain") is not None:
            rows = [row for row in rows if row.token.asset.chain == params["chain"]]
        limit, offset = _page(params)
        page = [row.render() for row in rows[offset : offset + limit]]
        return {"withdrawals": page, "total": len(rows), "limit": limit, "offset": offset}

    def _notify_deposit(self, params: Mapping[str, Any]) -> object:
        self._chain(params)
        if not isinstance(params.get("tx_hash"), str) or not isinstance(params.get("deposit_address"), str):
            raise BridgeError("Invalid params: tx_hash", -32602)
        return {"status": "OK"}

    def _chain(self, params: Mapping[str, Any]) -> str:
        chain = params.get("chain")
        if not isinstance(chain, str) or all(token.asset.chain != chain for token in self._tokens):
            raise BridgeError("Unsupported chain")
        return chain

    def _token(self, fits: Callable[[BridgeToken], bool]) -> BridgeToken | None:
        return next((token for token in self._tokens if fits(token)), None)

    def _foreign_hash(self, chain: str) -> str:
        raw = self._rng.randbytes(32).hex()
        return raw if chain.startswith("btc:") else "0x" + raw

    def _near_hash(self) -> str:
        return base58.b58encode(self._rng.randbytes(32)).decode()

    def _echo(self, request_id: object) -> object:
        plain = isinstance(request_id, int) and not isinstance(request_id, bool)
        return str(request_id) if plain and self._answers % 2 == 0 else request_id

    def _failed(self, request_id: object, error: BridgeError) -> dict[str, object]:
        body: object = {"code": error.code, "message": str(error)} if self._answers % 2 else str(error)
        return {"jsonrpc": "2.0", "id": self._echo(request_id), "error": body}


def deposit_address(account: str, chain: str) -> str:
    """The address on the chain whose deposits reach the account; always the same one, of the chain's usual look."""
    digest = hashlib.sha256(f"{chain}|{account}".encode()).digest()
    if chain.startswith("eth:"):
        return "0x" + digest[:20].hex()
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    return "bc1q" + "".join(alphabet[byte % 32] for byte in (digest + digest)[:38])


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


def _page(params: Mapping[str, Any]) -> tuple[int, int]:
    limit, offset = params.get("limit"), params.get("offset")
    limit, offset = MAX_LIMIT if limit is None else limit, 0 if offset is None else offset
    if type(limit) is not int or type(offset) is not int or not 1 <= limit <= MAX_LIMIT or offset < 0:
        raise BridgeError("Invalid params: limit, offset", -32602)
    return limit, offset


def _names(token: BridgeToken, name: object) -> bool:
    address = token.identifier.split(":", 2)[2]
    return name in (token.asset.near_token, token.asset.token_id, token.identifier, address)
