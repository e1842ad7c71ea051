"""Whether the Verifier would accept sampled quotes: signature, message and amounts, read by the sandbox."""

from typing import Any

import msgspec

from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.intent_types import TokenDiff
from venue.sandbox.wire.payload import open_payload


class _Answer(msgspec.Struct):
    quote_output: dict[str, str]
    signed_data: dict[str, Any]


class _Call(msgspec.Struct):
    params: list[_Answer]


def wrong_answers(samples: list[str], account: str) -> list[str]:
    """Return one sentence for each sampled ``quote_response`` that is not correct and signed by ``account``."""
    return [problem for sample in samples if (problem := _problem(sample, account))]


def _problem(sample: str, account: str) -> str:
    answer = msgspec.json.decode(sample, type=_Call).params[0]
    try:
        message = open_payload(answer.signed_data)
    except ContractPanicError as error:
        return str(error)
    if message.signer_id != account:
        return f"signed for {message.signer_id}"
    diffs = [intent.diff for intent in message.intents if isinstance(intent, TokenDiff)]
    if len(diffs) != 1 or len(message.intents) != 1:
        return "it is not one token_diff"
    ((name, quoted),) = answer.quote_output.items()
    signed = {"amount_out": min(diffs[0].values()) * -1, "amount_in": max(diffs[0].values())}
    return "" if signed.get(name) == int(quoted) else f"{name} is {quoted} and not what was signed"
