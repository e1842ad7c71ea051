"""The Omni bridge's API: fees and transfers, without HTTP."""

from collections.abc import Callable, Mapping

from venue.sandbox.bridges.addresses import read_address
from venue.sandbox.bridges.errors import BridgeError
from venue.sandbox.bridges.omni import MIN_AMOUNT, OmniBridge, OmniTransfer
from venue.sandbox.wire.scalars import parse_amount

RELAYER = "relayer.sandbox.near"
LARGEST_PAGE = 100

Answer = tuple[int, object]
"""HTTP status and JSON value."""


class OmniApi:
    """Answers GET requests by path and query; amounts are numbers and texts in turns: a client has to read both."""

    def __init__(self, bridge: OmniBridge, clock: Callable[[], int]) -> None:
        self._bridge = bridge
        self._clock = clock
        self._answers = 0

    def answer(self, path: str, query: Mapping[str, str]) -> Answer:
        self._bridge.advance(self._clock())
        self._answers += 1
        version = self._bridge.faults.current.omni.version
        try:
            if path == "/api/v3/transfer-fee":
                return 200, self._fees(query)
            if path == f"/api/{version}/transfers/transfer":
                return 200, self._transfers(query, version)
            if version == "v3" and path == "/api/v3/transfers/transfer/status":
                return 200, [self._status(transfer) for transfer in self._named(query)]
            if version == "v3" and path == "/api/v3/transfers":
                return 200, [self._third(transfer) for transfer in self._page(query)]
        except BridgeError as error:
            return 400, {"error": str(error)}
        return 404, {"error": "Not found"}

    def _fees(self, query: Mapping[str, str]) -> object:
        bridge = self._bridge
        chain, _, address = query.get("recipient", "").partition(":")
        if query.get("sender") != f"near:{bridge.contract}":
            raise BridgeError("unsupported sender")
        if all(query.get("token") != f"near:{token.near_token}" for token in bridge.tokens):
            raise BridgeError("unsupported token")
        if chain != "btc" or read_address("btc:mainnet", address) != address:
            raise BridgeError("invalid recipient")
        try:
            parse_amount(query.get("amount", ""))
        except ValueError:
            raise BridgeError("invalid amount") from None
        now = bridge.faults.current.omni
        return {
            "native_token_fee": self._number(now.native_fee),
            "gas_fee": self._number(bridge.gas_fee()),
            "protocol_fee": self._number(bridge.protocol_fee()),
            "usd_fee": 1.25,
            "transferred_token_fee": None,
            "min_amount": str(MIN_AMOUNT),
            "insufficient_utxo": now.insufficient_utxo,
        }

    def _number(self, amount: int) -> object:
        return amount if self._answers % 2 else str(amount)

    def _named(self, query: Mapping[str, str]) -> list[OmniTransfer]:
        """Return the transfers of a NEAR transaction, or the one of a nonce on NEAR."""
        if "origin_nonce" not in query:
            return self._bridge.indexed(query.get("transaction_hash", ""))
        if query.get("origin_chain") != "Near":
            return []
        nonce = _count(query["origin_nonce"], "origin_nonce")
        return [one for one in self._bridge.all_indexed() if one.number + 1 == nonce]

    def _page(self, query: Mapping[str, str]) -> list[OmniTransfer]:
        """Return the transfers of a sender or of a transaction, a page of them."""
        sender, tx_hash = query.get("sender"), query.get("transaction_id")
        if sender is None and tx_hash is None:
            raise BridgeError("sender or transaction_id must be given")
        start = _count(query.get("offset", "0"), "offset")
        most = min(_count(query.get("limit", "10"), "limit"), LARGEST_PAGE)
        mine = [
            one
            for one in self._bridge.all_indexed()
            if sender in (None, f"near:{self._bridge.contract}") and tx_hash in (None, one.tx_hash)
        ]
        return mine[start : start + most]

    def _status(self, transfer: OmniTransfer) -> str:
        if self._paid_hash(transfer) is not None:
            return "Finalised"
        return "Initialized" if transfer.payment is None else "Signed"

    def _transfers(self, query: Mapping[str, str], version: str) -> object:
        found = self._named(query)
        if version == "v4":
            return {"transfers": [self._fourth(transfer) for transfer in found]}
        return [self._third(transfer) for transfer in found]

    def _third(self, transfer: OmniTransfer) -> object:
        message = transfer.message
        paid = self._paid_hash(transfer)
        return {
            "id": {"origin_chain": "Near", "kind": {"Nonce": transfer.number + 1}},
            "initialized": {
                "NearReceipt": {
                    "block_height": 1,
                    "block_timestamp_seconds": transfer.created_ns // 10**9,
                    "transaction_hash": transfer.tx_hash,
                }
            },
            "signed": None,
            "fast_finalised_on_near": None,
            "finalised_on_near": None,
            "fast_finalised": None,
            "finalised": None
            if paid is None
            else {"UtxoLog": {"transaction_hash": paid, "block_height": 1, "block_time": None}},
            "claimed": None,
            "transfer_message": {
                "token": f"near:{transfer.token.near_token}",
                "amount": str(self._amount(transfer)),
                "sender": f"near:{self._bridge.contract}",
                "recipient": self._recipient(transfer),
                "fee": {"fee": "0", "native_fee": str(message.native_token_fee)},
                "msg": message.msg,
            },
            "updated_fee": [],
            "utxo_transfer": self._utxo(transfer),
        }

    def _utxo(self, transfer: OmniTransfer) -> object:
        """Return how Bitcoin is paid; what the fields hold is inferred from the schema of the vendor's client."""
        utxo: dict[str, object] = {
            "chain": "Btc",
            "amount": str(self._amount(transfer)),
            "recipient": transfer.address,
            "relayer_fee": "0",
            "protocol_fee": str(transfer.protocol_fee),
            "relayer_account_id": RELAYER,
            "sender": f"near:{self._bridge.contract}",
        }
        if transfer.payment is not None:
            lies = self._bridge.faults.current.omni.lies == "hash"
            utxo["btc_pending_id"] = "not a hash" if lies else transfer.payment.tx_hash
        return utxo

    def _fourth(self, transfer: OmniTransfer) -> object:
        paid = self._paid_hash(transfer)
        row: dict[str, object] = {
            "transfer_id": {"type": "nonce", "chain": "Near", "nonce": transfer.number + 1},
            "sender": f"near:{self._bridge.contract}",
            "recipient": self._recipient(transfer),
            "token_id": f"near:{transfer.token.near_token}",
            "amount": str(self._amount(transfer)),
            "status": "Initialised" if paid is None else "Finalised",
            "tx_ids": [transfer.tx_hash],
        }
        if paid is not None:
            details = {"type": "utxo", "block_height": 1, "block_hash": "00" * 32}
            row["finalised"] = {
                "transaction_hash": paid,
                "chain": "Btc",
                "timestamp_seconds": transfer.due_ns // 10**9,
                "details": details,
            }
        return row

    def _amount(self, transfer: OmniTransfer) -> int:
        return transfer.amount + (self._bridge.faults.current.omni.lies == "amount")

    def _recipient(self, transfer: OmniTransfer) -> str:
        lies = self._bridge.faults.current.omni.lies == "recipient"
        return "btc:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5" if lies else transfer.message.recipient

    def _paid_hash(self, transfer: OmniTransfer) -> str | None:
        if transfer.payment is None or not self._bridge.final(transfer):
            return None
        lies = self._bridge.faults.current.omni.lies == "hash"
        return "not a hash" if lies else transfer.payment.tx_hash


def _count(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BridgeError(f"invalid {name}")
    return int(text)
