"""A NEAR node's errors as nearcore writes them: ``{code, message, data, cause: {name, info}, name}``."""

from collections.abc import Mapping

from venue.sandbox.base.errors import SandboxError


class NodeError(SandboxError):
    """Raised for a request that the node answers with an ``error``; ``body`` is that object."""

    def __init__(self, body: dict[str, object]) -> None:
        super().__init__(str(body.get("data")))
        self.body = body


class InvalidTransactionError(SandboxError):
    """Raised for a transaction that never runs and costs no nonce; ``reason`` is nearcore's ``InvalidTxError``."""

    def __init__(self, reason: object) -> None:
        super().__init__(str(reason))
        self.reason = reason


def _body(
    name: str, cause: str, info: Mapping[str, object], code: int, message: str, data: object
) -> dict[str, object]:
    return {
        "name": name,
        "cause": {"name": cause, "info": dict(info)},
        "code": code,
        "message": message,
        "data": data,
    }


def _handler(cause: str, info: Mapping[str, object], data: object) -> dict[str, object]:
    return _body("HANDLER_ERROR", cause, info, -32000, "Server error", data)


def parse_error(text: str) -> dict[str, object]:
    """The body is no request, or its parameters are not the method's."""
    info = {"error_message": text}
    return _body("REQUEST_VALIDATION_ERROR", "PARSE_ERROR", info, -32700, "Parse error", text)


def method_not_found(method: str) -> dict[str, object]:
    info = {"method_name": method}
    return _body("REQUEST_VALIDATION_ERROR", "METHOD_NOT_FOUND", info, -32601, "Method not found", method)


def unknown_account(account: str, tip: Mapping[str, object]) -> dict[str, object]:
    """A view of an account that does not exist."""
    text = f"account {account} does not exist while viewing"
    return _handler("UNKNOWN_ACCOUNT", {"requested_account_id": account, **tip}, text)


def unknown_access_key(public_key: str, tip: Mapping[str, object]) -> dict[str, object]:
    """A view of a key that the account does not have, as some nodes report it."""
    text = f"Access key for public key {public_key} does not exist while viewing"
    return _handler("UNKNOWN_ACCESS_KEY", {"public_key": public_key, **tip}, text)


def contract_execution(text: str, tip: Mapping[str, object]) -> dict[str, object]:
    """A failed view, as newer nodes report it."""
    return _handler("CONTRACT_EXECUTION_ERROR", {"vm_error": text, **tip}, text)


def invalid_account(account: str, tip: Mapping[str, object]) -> dict[str, object]:
    text = f"account ID {account} is invalid"
    return _handler("INVALID_ACCOUNT", {"requested_account_id": account, **tip}, text)


def no_contract_code(account: str, tip: Mapping[str, object]) -> dict[str, object]:
    text = f"contract code of {account} does not exist while viewing"
    return _handler("NO_CONTRACT_CODE", {"contract_account_id": account, **tip}, text)


def too_large_state(account: str, tip: Mapping[str, object]) -> dict[str, object]:
    text = f"The state of account {account} is too large"
    return _handler("TOO_LARGE_CONTRACT_STATE", {"contract_account_id": account, **tip}, text)


def garbage_collected(height: int, block_hash: str) -> dict[str, object]:
    """A view of an older state: a node that is no archive keeps none, and neither does this one."""
    text = (
        f"The data for block #{height} is garbage collected on this node, use an archival node to fetch historical data"
    )
    return _handler("GARBAGE_COLLECTED_BLOCK", {"block_height": height, "block_hash": block_hash}, text)


def unknown_chunk(chunk: object) -> dict[str, object]:
    return _handler("UNKNOWN_CHUNK", {"chunk_hash": chunk}, f"Chunk Missing (unavailable on the node): {chunk}")


def unknown_block(block: object) -> dict[str, object]:
    return _handler("UNKNOWN_BLOCK", {}, f"DB Not Found Error: BLOCK: {block}")


def unknown_transaction(tx_hash: str) -> dict[str, object]:
    return _handler(
        "UNKNOWN_TRANSACTION", {"requested_transaction_hash": tx_hash}, f"Transaction {tx_hash} doesn't exist"
    )


def unknown_receipt(receipt: str) -> dict[str, object]:
    text = f"Receipt with id {receipt} has never been observed on this node"
    return _handler("UNKNOWN_RECEIPT", {"receipt_id": receipt}, text)


def unknown_transaction_or_receipt(name: str) -> dict[str, object]:
    text = f"Transaction or receipt id {name} doesn't exist"
    return _handler("UNKNOWN_TRANSACTION_OR_RECEIPT", {"transaction_or_receipt_id": name}, text)


def unavailable_shard(name: str) -> dict[str, object]:
    """A proof that the node cannot give: none is kept here."""
    text = "The node doesn't track the shard where the transaction or receipt is executed"
    return _handler("UNAVAILABLE_SHARD", {"transaction_or_receipt_id": name, "shard_id": 0}, text)


def invalid_transaction(reason: object) -> dict[str, object]:
    """A transaction that may not run; ``reason`` is nearcore's ``InvalidTxError``."""
    return _handler("INVALID_TRANSACTION", {}, {"TxExecutionError": {"InvalidTxError": reason}})
