"""The bridge is told of no hash that its chain cannot have."""

import pytest

from cockpit.desk.funding.bridges.hash_form import hash_problem

DIGITS = "0123456789abcdefABCDEF" * 3


@pytest.mark.parametrize(
    ("chain", "tx_hash", "may_be"),
    [
        ("btc:mainnet", DIGITS[:64], True),
        ("btc:mainnet", "zzz", False),
        ("btc:mainnet", DIGITS[:63], False),
        ("btc:mainnet", DIGITS[:65], False),
        ("btc:mainnet", f"0x{DIGITS[:64]}", False),
        ("btc:mainnet", "٣" * 64, False),
        ("eth:100", f"0x{DIGITS[:64]}", True),
        ("eth:100", DIGITS[:64], False),
        ("eth:100", f"0x{DIGITS[:64]}\n", False),
        ("near:mainnet", "anything", True),
        ("", "anything", True),
    ],
)
def test_a_hash_has_the_form_of_its_chain(chain: str, tx_hash: str, may_be: bool) -> None:
    assert (hash_problem(chain, tx_hash) == "") == may_be
