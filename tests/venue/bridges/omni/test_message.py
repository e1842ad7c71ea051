"""The bridge's message and storage account, against vectors that were computed by hand."""

import hashlib
import json

import msgspec
import pytest

from venue.bridges.omni.message import OmniTerms, storage_account, withdrawal_message
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.tokens import EURE, NBTC

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
TERMS = OmniTerms(gas_fee=1200, protocol_fee=300, native_fee=7, external_id="3f2504e0-4f89-41d3-9a0c-0305e82c3301")


def test_the_message_is_the_one_that_the_bridge_reads() -> None:
    assert withdrawal_message(NBTC, ADDRESS, TERMS) == (
        '{"recipient":"btc:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4","fee":"0","native_token_fee":"7",'
        '"external_id":"3f2504e0-4f89-41d3-9a0c-0305e82c3301","msg":"{\\"MaxGasFee\\":\\"1200\\"}"}'
    )
    assert json.loads(json.loads(withdrawal_message(NBTC, ADDRESS, TERMS))["msg"]) == {"MaxGasFee": "1200"}


def test_the_storage_account_is_the_hash_of_the_transfer_byte_by_byte() -> None:
    raw = bytes.fromhex(
        "01"
        "10000000" + b"nbtc.bridge.near".hex() + "a1860100000000000000000000000000" + "06"
        "2a000000" + ADDRESS.encode().hex() + "00" * 16 + "07" + "00" * 15 + "01"
        "0c000000"
        + b"intents.near".hex()
        + "14000000"
        + b'{"MaxGasFee":"1200"}'.hex()
        + b"3f2504e0-4f89-41d3-9a0c-0305e82c3301".hex()
    )
    assert storage_account(NBTC, 100_001, ADDRESS, TERMS) == hashlib.sha256(raw).hexdigest()
    assert storage_account(NBTC, 100_001, ADDRESS, TERMS) == STORAGE_ACCOUNT


STORAGE_ACCOUNT = "0f1c9d718400289e3f3b466436647f20162dc632aac93e1b0c753fabe07bb975"


def test_each_part_of_the_transfer_changes_its_account() -> None:
    accounts = {
        storage_account(NBTC, 100_001, ADDRESS, TERMS),
        storage_account(NBTC, 100_002, ADDRESS, TERMS),
        storage_account(NBTC, 100_001, "bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c", TERMS),
        storage_account(NBTC, 100_001, ADDRESS, msgspec.structs.replace(TERMS, native_fee=8)),
        storage_account(NBTC, 100_001, ADDRESS, msgspec.structs.replace(TERMS, gas_fee=1201)),
        storage_account(
            NBTC, 100_001, ADDRESS, msgspec.structs.replace(TERMS, external_id=TERMS.external_id.replace("3f", "4f"))
        ),
        storage_account(NBTC, 100_001, ADDRESS, TERMS, contract="staging-intents.near"),
    }
    assert len(accounts) == 7


@pytest.mark.parametrize(
    "change",
    [
        {"gas_fee": 0},
        {"gas_fee": -1},
        {"gas_fee": MAX_AMOUNT + 1},
        {"protocol_fee": -1},
        {"native_fee": -1},
        {"native_fee": MAX_AMOUNT + 1},
        {"external_id": ""},
        {"external_id": 'a","msg":"'},
        {"external_id": "3F2504E0-4F89-41D3-9A0C-0305E82C3301"},
    ],
)
def test_terms_that_cannot_be_meant_make_no_message(change: dict[str, object]) -> None:
    terms = msgspec.structs.replace(TERMS, **change)
    with pytest.raises(ValueError, match=r"fee|UUID"):
        withdrawal_message(NBTC, ADDRESS, terms)
    with pytest.raises(ValueError, match=r"fee|UUID"):
        storage_account(NBTC, 1, ADDRESS, terms)


def test_only_bitcoin_is_paid_out() -> None:
    with pytest.raises(ValueError, match="Bitcoin only"):
        withdrawal_message(EURE, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", TERMS)
