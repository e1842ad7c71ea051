"""The ledger gives the recorded verdict of the real contract (0.4.1), case by case.

``contract_corpus.jsonl.gz``: first the world before each case, then a case a line; its steps are calls with their
arguments, byte for byte, and the contract's answers.
"""

import base64
import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox.signing import Clock
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.arguments import read_signed
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import BAD_ARGUMENTS, ContractPanicError, HostError

CORPUS = Path(__file__).with_name("contract_corpus.jsonl.gz")
SHARE = 12
"""One case in so many is tried with every run of the tests."""


def lines() -> Iterator[dict[str, Any]]:
    with gzip.open(CORPUS, "rt", encoding="utf-8") as corpus:
        yield from map(json.loads, corpus)


class World:
    """The ledger before a case."""

    def __init__(self, world: dict[str, Any], fee_pips: int) -> None:
        salts = world["salts"]
        self.clock = Clock(world["now_ns"])
        self.ledger = Ledger(
            clock=self.clock,
            fee_pips=fee_pips,
            fee_collector=world["fee_collector"],
            salt=bytes.fromhex(salts["invalidated"]),
        )
        self.ledger.rotate_salt(bytes.fromhex(salts["previous"]), invalidate_old=True)
        self.ledger.rotate_salt(bytes.fromhex(salts["current"]), invalidate_old=False)
        for account, keys in world["keys"].items():
            for key in keys:
                self.ledger.register_key(account, key)
        for account, balances in world["balances"].items():
            for token, units in balances.items():
                self.ledger.mint(account, token, int(units))
        self.burns: list[Burn] = []
        self.paid_for: set[str] = set()
        self.ledger.on_burn(self.burns.append)
        self.ledger.on_storage_paid(lambda paid: self.paid_for.add(paid.contract))

    def call(self, step: dict[str, Any]) -> dict[str, Any]:
        """Make a call and return the answer in the corpus's form."""
        raw = base64.b64decode(step["arguments_b64"]) if "arguments_b64" in step else step["arguments"].encode()
        before = self._balances()
        self.burns.clear()
        self.paid_for.clear()
        try:
            if step["call"] == "simulate_intents":
                value = self.ledger.simulate_intents(read_signed(raw))
                return {"ok": True, "value": value | {"logs": [meaning(line) for line in value["logs"]]}}  # type: ignore[attr-defined]
            done = self.ledger.execute_intents(read_signed(raw))
        except HostError as error:
            return {"ok": False, "kind": "host", "text": refusal(str(error))}
        except ContractPanicError as error:
            return {"ok": False, "kind": "panic", "text": refusal(str(error))}
        after = self._balances()
        changed: dict[str, dict[str, str]] = {}
        for account, token in before.keys() | after.keys():
            units = after.get((account, token), 0)
            if units != before.get((account, token), 0):
                changed.setdefault(account, {})[token] = str(units)
        return {
            "ok": True,
            "logs": [meaning(line) for line in done.logs],
            "withdrawals": [
                {
                    "token": burn.token,
                    "receiver_id": burn.receiver_id,
                    "amount": str(burn.amount),
                    "memo": burn.memo,
                    "msg": burn.msg,
                }
                for burn in self.burns
                # The contract pays for the storage first: the transfer starts in a later receipt.
                if burn.token not in self.paid_for
            ],
            "balances": changed,
        }

    def _balances(self) -> dict[tuple[str, str], int]:
        names = self.ledger.accounts.names()
        return {(name, token): units for name in names for token, units in self.ledger.balances_of(name).items()}


def refusal(text: str) -> str:
    """The contract's own words. Of its parser's only the class, since they name a place in the text; of a log that is
    too long not its length, which depends on the order of a hash table.
    """
    for start in ("JSON: ", BAD_ARGUMENTS, "The length of a log message "):
        if text.startswith(start):
            return start
    return text


def meaning(line: str) -> dict[str, Any]:
    """An event; the contract lists transfers, and their tokens, in the order of a hash table."""
    event: dict[str, Any] = json.loads(line.removeprefix("EVENT_JSON:"))
    if event["event"] == "mt_transfer":
        event["data"] = sorted(
            (one["old_owner_id"], one["new_owner_id"], sorted(zip(one["token_ids"], one["amounts"], strict=True)))
            for one in event["data"]
        )
    return event


def recorded(answer: dict[str, Any]) -> dict[str, Any]:
    if not answer["ok"]:
        return {"ok": False, "kind": answer["kind"], "text": refusal(answer["text"])}
    if "value" in answer:
        value = answer["value"]
        return {"ok": True, "value": value | {"logs": [meaning(line) for line in value["logs"]]}}
    kept = {name: answer[name] for name in ("withdrawals", "balances")}
    return {"ok": True, "logs": [meaning(line) for line in answer["logs"]], **kept}


def check(world: dict[str, Any], case: dict[str, Any]) -> list[str]:
    """Play a case and return what differs."""
    played, wrong = World(world, case["fee_pips"]), []
    for number, step in enumerate(case["steps"]):
        if "set_time_ns" in step:
            played.clock.now_ns = step["set_time_ns"]
        elif "invalidate_salt" in step:
            played.ledger.invalidate_salt(bytes.fromhex(step["invalidate_salt"]))
        else:
            expected, got = recorded(step["answer"]), played.call(step)
            used = step["answer"].get("nonces_used", ())
            unused = [nonce for account, nonce in used if not played.ledger.is_nonce_used(account, nonce)]
            if got != expected or unused:
                wrong.append(f"{case['tags']}, step {number}: {got} where {expected} is recorded; unused: {unused}")
    return wrong


@pytest.mark.parametrize("share", [SHARE, pytest.param(1, marks=pytest.mark.slow)])
def test_the_ledger_answers_as_the_contract(share: int) -> None:
    cases = lines()
    world = next(cases)
    wrong = [line for case in islice(cases, 0, None, share) for line in check(world, case)]
    assert not wrong, f"{len(wrong)} answers differ, first:\n" + "\n".join(wrong[:3])
