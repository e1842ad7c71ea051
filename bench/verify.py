"""Whether the Verifier would accept sampled quotes: signature, message and amounts, read by the sandbox."""

from collections.abc import Sequence
from typing import Any

import msgspec

from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.intent_types import TokenDiff
from venue.sandbox.wire.payload import open_payload


class _Answer(msgspec.Struct):
    quote_output: dict[str, str]
    signed_data: dict[str, Any]


class _Call(msgspec.Struct):
    params: tuple[_Answer]


def wrong_answers(samples: Sequence[str], account: str) -> list[str]:
    """Return one sentence for each sampled ``quote_response`` that is not correct and signed by ``account``."""
    return [problem for sample in samples if (problem := _problem(sample, account))]


def _problem(sample: str, account: str) -> str:
    try:
        (answer,) = msgspec.json.decode(sample, type=_Call).params
        message = open_payload(answer.signed_data)
    except (msgspec.MsgspecError, ContractPanicError) as error:
        return str(error)
    if message.signer_id != account:
        return f"signed for {message.signer_id}"
    diffs = [intent.diff for intent in message.intents if isinstance(intent, TokenDiff)]
    if len(diffs) != 1 or len(message.intents) != 1:
        return "it is not one token_diff"
    signed = {"amount_out": min(diffs[0].values()) * -1, "amount_in": max(diffs[0].values())}
    wrong = [(name, quoted) for name, quoted in answer.quote_output.items() if str(signed.get(name)) != quoted]
    if wrong or not answer.quote_output:
        name, quoted = wrong[0] if wrong else ("the amount", "missing")
        return f"{name} is {quoted} and not what was signed"
    return ""
