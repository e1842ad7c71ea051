"""What a node's answer about a transaction means for the withdrawal in it."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.near.errors import UnreadableOutcomeError
from venue.near.outcomes import TxOutcome, read_outcome, withdrawn_amount
from venue.protocol.assets import MAX_AMOUNT
from venue.transport.errors import UnreachableError
from venue.transport.messages import UNREADABLE

TRANSFER_FAILED = {
    "ActionError": {
        "index": 0,
        "kind": {"FunctionCallError": {"ExecutionError": "Smart contract panicked: The account is not registered"}},
    }
}


def part(part_id: str, executor: str, status: Any, receipts: tuple[str, ...] = ()) -> dict[str, Any]:
    body = {"executor_id": executor, "status": status, "receipt_ids": list(receipts), "logs": [], "gas_burnt": 1}
    return {"id": part_id, "block_hash": f"block-of-{part_id}", "outcome": body, "proof": []}


def ok(value: bytes = b"") -> dict[str, Any]:
    return {"SuccessValue": base64.b64encode(value).decode()}


def answer(status: Any, **changes: Any) -> bytes:
    """Build a withdrawal as nodes report it: the call, ft_transfer, ft_resolve_withdraw and a refund of gas."""
    receipts = [
        part("call", "intents.near", {"SuccessReceiptId": "resolve"}, ("transfer", "resolve", "gas")),
        part("transfer", "btc.omft.near", ok()),
        part("resolve", "intents.near", ok(b'"1000"')),
        part("gas", "maker.near", ok()),
    ]
    result = {
        "final_execution_status": "FINAL",
        "status": status,
        "transaction": {"hash": "T"},
        "transaction_outcome": part("T", "maker.near", {"SuccessReceiptId": "call"}, ("call",)),
        "receipts_outcome": receipts,
    }
    return json.dumps({**result, **changes}).encode()


def read(raw: bytes) -> TxOutcome:
    return read_outcome(raw, "node")


def test_a_successful_withdrawal_withdrew_the_whole_amount() -> None:
    outcome = read(answer(ok(b'"1000"')))
    assert (outcome.state, outcome.value, outcome.receipts_failed, outcome.final) == ("succeeded", b'"1000"', (), True)
    assert withdrawn_amount(outcome, 1000) == 1000


def test_a_withdrawal_whose_transfer_failed_was_refunded_though_the_transaction_succeeded() -> None:
    receipts = json.loads(answer(None))["receipts_outcome"]
    receipts[1]["outcome"]["status"] = {"Failure": TRANSFER_FAILED}
    outcome = read(answer(ok(b'"0"'), receipts_outcome=receipts))
    assert outcome.state == "succeeded"
    assert outcome.receipts_failed == (
        "btc.omft.near: ExecutionError: Smart contract panicked: The account is not registered",
    )
    assert withdrawn_amount(outcome, 1000) == 0


def test_a_panicked_call_withdrew_nothing() -> None:
    failure = {"Failure": TRANSFER_FAILED}
    outcome = read(answer(failure, receipts_outcome=[part("call", "intents.near", failure)]))
    assert (outcome.state, outcome.reverted) == ("failed", True)
    assert "not registered" in outcome.failure
    assert withdrawn_amount(outcome, 1000) == 0


def test_a_transaction_that_failed_before_its_receipt_withdrew_nothing() -> None:
    failure = {"Failure": {"InvalidTxError": "CostOverflow"}}
    outcome = read(answer(failure, transaction_outcome=part("T", "maker.near", failure), receipts_outcome=[]))
    assert outcome.failure == "InvalidTxError: CostOverflow"
    assert withdrawn_amount(outcome, 1000) == 0


def test_a_refund_that_failed_is_not_called_a_refund() -> None:
    failure = {"Failure": TRANSFER_FAILED}
    receipts = json.loads(answer(None))["receipts_outcome"]
    receipts[1]["outcome"]["status"] = receipts[2]["outcome"]["status"] = failure
    outcome = read(answer(failure, receipts_outcome=receipts))
    assert (outcome.state, outcome.reverted) == ("failed", False)
    with pytest.raises(UnreadableOutcomeError, match="not resolved"):
        withdrawn_amount(outcome, 1000)


def test_a_call_that_returns_nothing_withdrew_what_its_only_resolution_reports() -> None:
    assert withdrawn_amount(read(answer(ok())), 1000) == 1000
    receipts = json.loads(answer(None))["receipts_outcome"]
    receipts[1]["outcome"]["status"] = {"Failure": TRANSFER_FAILED}
    receipts[2]["outcome"]["status"] = ok(b'"0"')
    assert withdrawn_amount(read(answer(ok(), receipts_outcome=receipts)), 1000) == 0
    another = part("another", "intents.near", ok(b'"1000"'))
    with pytest.raises(UnreadableOutcomeError, match=r"btc\.omft\.near"):
        withdrawn_amount(read(answer(ok(), receipts_outcome=[*receipts, another])), 1000)


@pytest.mark.parametrize("waited", ["NONE", "INCLUDED", "INCLUDED_FINAL", "SOMETHING_NEW"])
def test_an_unexecuted_transaction_is_pending_whatever_its_status(waited: str) -> None:
    outcome = read(answer(ok(b'"1000"'), final_execution_status=waited))
    assert outcome.state == "pending"
    with pytest.raises(UnreadableOutcomeError):
        withdrawn_amount(outcome, 1000)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"final_execution_status": "NONE"}',
        b'"9FtHUFBQsZ2MG77K3x3MJ9wjX3UT8zE1TczCrhZEcG8U"',
        answer("NotStarted"),
        answer("Started"),
    ],
)
def test_an_accepted_transaction_is_pending(raw: bytes) -> None:
    assert read(raw).state == "pending"


@pytest.mark.parametrize(("waited", "final"), [("EXECUTED_OPTIMISTIC", False), ("EXECUTED", False), ("FINAL", True)])
def test_only_final_is_final(waited: str, final: bool) -> None:
    outcome = read(answer(ok(b'"1000"'), final_execution_status=waited))
    assert (outcome.state, outcome.final) == ("succeeded", final)


def test_a_node_without_an_execution_status_must_show_every_receipt() -> None:
    receipts = json.loads(answer(None))["receipts_outcome"]
    whole = json.loads(answer(ok(b'"1000"')))
    del whole["final_execution_status"]
    assert read(json.dumps(whole).encode()).state == "succeeded"
    for missing in range(len(receipts)):
        whole["receipts_outcome"] = receipts[:missing] + receipts[missing + 1 :]
        assert read(json.dumps(whole).encode()).state == "pending"


@pytest.mark.parametrize(
    "value", [b"1000", b"null", b'"1e3"', b'"-1"', b'"1001"', b'""', b"true", b"\xff", b'["1000"]']
)
def test_a_value_that_is_not_an_amount_is_unreadable(value: bytes) -> None:
    with pytest.raises(UnreadableOutcomeError):
        withdrawn_amount(read(answer(ok(value))), 1000)


@given(st.integers(1, MAX_AMOUNT), st.data())
def test_the_withdrawn_amount_is_exact(amount: int, data: st.DataObject) -> None:
    used = data.draw(st.integers(0, amount))
    assert withdrawn_amount(read(answer(ok(f'"{used}"'.encode()))), amount) == used


@pytest.mark.parametrize(
    "raw",
    [b"[]", b"7", b"null", b"{", answer({"SuccessValue": 7}), answer({"SuccessValue": "é"}), answer({"Other": "x"})],
)
def test_an_answer_of_another_shape_is_unknown(raw: bytes) -> None:
    with pytest.raises(UnreachableError, match=UNREADABLE):
        read(raw)


def test_only_the_verifier_of_the_stage_resolves_a_withdrawal() -> None:
    receipts = json.loads(answer(None))["receipts_outcome"]
    receipts[2]["outcome"]["executor_id"] = "staging-intents.near"
    raw = answer(ok(), receipts_outcome=receipts)
    assert read_outcome(raw, "node").resolved == ()
    assert read_outcome(raw, "node", "staging-intents.near").resolved == (1000,)
