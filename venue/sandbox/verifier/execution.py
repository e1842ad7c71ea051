"""``execute_intents`` of the Verifier: the checks on each payload in the contract's order, then its intents."""

from collections.abc import Mapping, Sequence

import msgspec

from venue.sandbox.verifier import events
from venue.sandbox.verifier.accounts import Draft, read_nonce
from venue.sandbox.verifier.intents import apply_intent
from venue.sandbox.verifier.reserved_gas import reserved_gas
from venue.sandbox.wire.errors import (
    DEADLINE_AFTER_NONCE,
    DEADLINE_EXPIRED,
    INVALID_SALT,
    NONCE_EXPIRED,
    WRONG_CONTRACT,
    ContractPanicError,
    InvariantViolatedError,
    key_missing,
)
from venue.sandbox.wire.payload import SignedMessage, open_signed
from venue.sandbox.wire.scalars import MAX_I128, token_order
from venue.sandbox.wire.standards import Signed
from venue.sandbox.wire.timestamps import format_timestamp

Transfers = dict[tuple[str, str], dict[str, int]]
"""(giver, receiver) to base units by token."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a call is checked against: block time in UTC nanoseconds, fee in pips, and the valid salts."""

    contract: str
    now_ns: int
    fee_pips: int
    fee_collector: str
    current_salt: bytes
    valid_salts: frozenset[bytes]
    tx_hash: str


class ExecutionReport(msgspec.Struct, frozen=True):
    """A call's payloads in order, its log lines, and its earliest deadline (UTC ns, None without any)."""

    executed: tuple[dict[str, str], ...]
    logs: tuple[str, ...]
    min_deadline_ns: int | None

    @property
    def intent_hashes(self) -> tuple[str, ...]:
        return tuple(entry["intent_hash"] for entry in self.executed)


def check_message(draft: Draft, message: SignedMessage, rules: Rules) -> None:
    """Check everything after signature and JSON in the contract's order, then burn the nonce; ContractPanicError."""
    if message.verifying_contract != rules.contract:
        raise ContractPanicError(WRONG_CONTRACT)
    if message.deadline_ns < rules.now_ns:
        raise ContractPanicError(DEADLINE_EXPIRED)
    if not draft.has_key(message.signer_id, message.public_key):
        raise key_missing(message.signer_id, message.public_key)
    nonce = read_nonce(message.nonce)
    if nonce is not None:
        if nonce.salt not in rules.valid_salts:
            raise ContractPanicError(INVALID_SALT)
        # The contract reads the eight bytes as a signed number.
        deadline_ns = nonce.deadline_ns - 2**64 if nonce.deadline_ns >= 2**63 else nonce.deadline_ns
        if message.deadline_ns > deadline_ns:
            raise ContractPanicError(DEADLINE_AFTER_NONCE)
        # Unreachable after the two checks above, as in the contract.
        if deadline_ns < rules.now_ns:
            raise ContractPanicError(NONCE_EXPIRED)
    draft.use_nonce(message.signer_id, message.nonce)


def run(draft: Draft, signed: Sequence[Signed], rules: Rules, *, simulated: bool = False) -> ExecutionReport:
    """Execute the payloads one after the other on the draft, without the closing balance check."""
    logs: list[str] = []
    executed: list[dict[str, str]] = []
    deadlines: list[int] = []
    for item in signed:
        message = open_signed(item)
        check_message(draft, message, rules)
        deadlines.append(message.deadline_ns)
        for intent in message.intents:
            found = apply_intent(
                draft,
                message,
                intent,
                pips=rules.fee_pips,
                collector=rules.fee_collector,
                tx_hash=rules.tx_hash,
                now_ns=rules.now_ns,
            )
            if not simulated:
                for gas in reserved_gas(intent):
                    draft.reserve_gas(gas)
            logs += found if simulated else [*draft.state_logs, *found]
            draft.state_logs.clear()
        executed.append(events.executed_entry(message))
    return ExecutionReport(tuple(executed), tuple(logs), min(deadlines, default=None))


def match_deltas(deltas: Mapping[str, Mapping[str, int]]) -> Transfers:
    """Pair givers with receivers as ``TransferMatcher`` of near/intents does; balances have moved already.

    ``deltas``: token, then account, to signed base units. Raises InvariantViolatedError when they do not cancel.
    """
    transfers: Transfers = {}
    unmatched: dict[str, str] = {}
    for token_id in sorted(deltas, key=token_order):
        owners = deltas[token_id]
        rest = sum(owners.values())
        if not -MAX_I128 <= rest <= MAX_I128:
            raise InvariantViolatedError({"error": "overflow"})
        if rest:
            unmatched[token_id] = str(rest)
        _pair(token_id, owners, transfers)
    if unmatched:
        raise InvariantViolatedError({"error": "unmatched_deltas", "unmatched_deltas": unmatched})
    return transfers


def _pair(token_id: str, owners: Mapping[str, int], transfers: Transfers) -> None:
    receivers = sorted(((amount, name) for name, amount in owners.items() if amount > 0), reverse=True)
    givers = sorted(((-amount, name) for name, amount in owners.items() if amount < 0), reverse=True)
    while receivers and givers:
        (wanted, receiver), (offered, giver) = receivers[0], givers[0]
        amount = min(wanted, offered)
        amounts = transfers.setdefault((giver, receiver), {})
        amounts[token_id] = amounts.get(token_id, 0) + amount
        receivers[:1] = [(wanted - amount, receiver)] if wanted > amount else []
        givers[:1] = [(offered - amount, giver)] if offered > amount else []


def execute(draft: Draft, signed: Sequence[Signed], rules: Rules) -> ExecutionReport:
    """Execute a whole call; ContractPanicError unless all deltas cancel and the logs fit."""
    report = run(draft, signed, rules)
    transfers = match_deltas(draft.deltas)
    logs = list(report.logs)
    if report.executed:
        logs.append(events.intents_executed(report.executed))
    if transfers:
        logs.append(events.mt_transfer((*parties, amounts) for parties, amounts in transfers.items()))
    if draft.burned:
        logs.append(events.mt_burn(draft.burned))
    events.check_log_limit(logs)
    return ExecutionReport(report.executed, tuple(logs), report.min_deadline_ns)


def simulate(draft: Draft, signed: Sequence[Signed], rules: Rules) -> dict[str, object]:
    """Return the answer of ``simulate_intents``: it reports an imbalance, every other fault is a ContractPanicError."""
    report = run(draft, signed, rules, simulated=True)
    min_deadline = "+262142-12-31T23:59:59.999999999Z"
    if report.min_deadline_ns is not None:
        min_deadline = format_timestamp(report.min_deadline_ns)
    output: dict[str, object] = {
        "intents_executed": list(report.executed),
        "logs": [*report.logs, events.intents_executed(report.executed)],
        "min_deadline": min_deadline,
    }
    try:
        match_deltas(draft.deltas)
    except InvariantViolatedError as violation:
        output["invariant_violated"] = violation.report
    return output | {"state": {"fee": rules.fee_pips, "current_salt": rules.current_salt.hex()}}
