import json

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.events import SwapDemand
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.tokens import BTC, EURE
from venue.relay.frames import SignedData, SignedPayload, quote_frame, subscribe_frame

amounts = st.integers(1, MAX_AMOUNT)
SIGNED = SignedData(payload=SignedPayload("M", "N", "intents.near"), signature="ed25519:s", public_key="ed25519:k")


def request(*, exact_in: bool) -> SwapDemand:
    return SwapDemand(
        at_ns=0,
        quote_id="q-1",
        asset_in=BTC.token_id,
        asset_out=EURE.token_id,
        amount_in=1 if exact_in else None,
        amount_out=None if exact_in else 1,
        min_deadline_ms=60_000,
        partner_id=None,
        traceparent=None,
    )


@given(st.booleans(), amounts, amounts)
def test_an_answer_has_the_open_amount_and_the_signed_data(exact_in: bool, amount_in: int, amount_out: int) -> None:
    frame = json.loads(
        quote_frame(7, request(exact_in=exact_in), amount_in=amount_in, amount_out=amount_out, signed=SIGNED)
    )
    output = {"amount_out": str(amount_out)} if exact_in else {"amount_in": str(amount_in)}
    assert frame == {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "quote_response",
        "params": [
            {
                "quote_id": "q-1",
                "quote_output": output,
                "signed_data": {
                    "standard": "nep413",
                    "payload": {"message": "M", "nonce": "N", "recipient": "intents.near"},
                    "signature": "ed25519:s",
                    "public_key": "ed25519:k",
                },
            }
        ],
    }


def test_a_subscription_names_its_stream() -> None:
    assert json.loads(subscribe_frame(3, ("quote_status",))) == {
        "jsonrpc": "2.0",
        "id": 3,
        "method": "subscribe",
        "params": ["quote_status"],
    }
