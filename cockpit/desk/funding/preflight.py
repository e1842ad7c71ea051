"""What must hold before a withdrawal is signed: a table of checks, each with its own refusal. Pure."""

from collections.abc import Callable

import msgspec

from cockpit.desk.funding.bridges.omni_checks import ONLY_INTENT, omni_refusals
from cockpit.desk.funding.bridges.terms import OmniAsks
from cockpit.desk.funding.messages import OWN_DEPOSIT_ADDRESS
from cockpit.desk.risk.venue_access import VenueFacts
from cockpit.model.commands import FEE_CHANGED, MAX_FEE_PERCENT, NEW_ADDRESS
from cockpit.model.formatting import exact
from venue.protocol.assets import Token
from venue.verifier import ALL_FEATURES, INTENTS_FEATURE

CLOCK = "this machine's clock is not known to be right"
PREVIOUS_RUN = "quotes of the previous run"


class PreflightFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when the order is checked; amounts in base units, None where they could not be read.

    ``unexplained``: the balance lacks something that no known movement explains. ``undecided``: the id of another
    withdrawal of the asset whose money may still leave, empty without one. ``history_complete``: nothing recorded waits
    outside the database. ``venue``: what it lets the account do. ``previous_run_ms``: until the last quote of the
    previous run expires. ``clock_right``: this machine's clock is judged right. ``elsewhere``: what is available in
    other tokens of the same underlying, with their symbols. ``minimum_of``: whether the minimum holds for what
    ``arrives`` or for what ``leaves``. ``omni``: what the Omni bridge asks, for a token of that bridge.
    ``own_deposit_address``: whether the destination is one.
    """

    asset: Token
    amount: int
    destination: str
    route: str
    venue: VenueFacts
    frozen: bool
    balance: int | None
    balance_fresh: bool
    available: int | None
    unexplained: bool
    fee: int | None
    fee_problem: str
    expected_fee: int | None
    minimum: int | None
    minimum_problem: str
    cooling_left_ms: int
    undecided: str
    history_complete: bool
    previous_run_ms: int
    clock_right: bool
    own_deposit_address: bool | None
    elsewhere: tuple[str, ...] = ()
    minimum_of: str = "arrives"
    omni: OmniAsks | None = None
    expected_native_fee: int | None = None


def _frozen(facts: PreflightFacts) -> str:
    return "withdrawals are frozen; unfreeze them first" if facts.frozen else ""


def _locked(facts: PreflightFacts) -> str:
    found = facts.venue.locked
    unknown = found.unknown(facts.venue.max_age_ms)
    if unknown:
        return f"whether the account is locked is {unknown}; wait until the Verifier can be read"
    return "the Verifier locked the account; ask the venue's support" if found.value else ""


def _paused(facts: PreflightFacts) -> str:
    found = facts.venue.paused
    unknown = found.unknown(facts.venue.max_age_ms)
    if unknown:
        return f"whether the Verifier is paused is {unknown}; wait until it can be read"
    needed = "ft_withdraw" if facts.route == "transaction" else INTENTS_FEATURE
    if not {needed, ALL_FEATURES} & set(found.value or ()):
        return ""
    return f"withdrawals by {facts.route} are paused on the Verifier; wait until they are resumed"


def _transaction_route(facts: PreflightFacts) -> str:
    if facts.route != "transaction":
        return ""
    if facts.asset.bridge == "omni":
        return f"{facts.asset.symbol} {ONLY_INTENT}"
    found = facts.venue.predecessor
    unknown = found.unknown(facts.venue.max_age_ms)
    if unknown:
        return f"whether the account may withdraw by transaction is {unknown}; wait until the Verifier can be read"
    if found.value is False:
        return (
            "predecessor authentication of the account is disabled, so it cannot withdraw by transaction; "
            "set WITHDRAWAL_ROUTE=intent and restart the desk"
        )
    return ""


def _history(facts: PreflightFacts) -> str:
    if facts.history_complete:
        return ""
    return "the history is still catching up in the database; withdrawals wait until it is complete"


def _clock(facts: PreflightFacts) -> str:
    # Deadlines, cooling-off and expiry go by it.
    return "" if facts.clock_right else f"{CLOCK}; synchronise it, and see the interlocks for what is known of it"


def _previous_run(facts: PreflightFacts) -> str:
    if facts.previous_run_ms <= 0:
        return ""
    return f"{PREVIOUS_RUN} may still settle for {_seconds(facts.previous_run_ms)} s; wait until they expire"


def _undecided(facts: PreflightFacts) -> str:
    if not facts.undecided:
        return ""
    return f"withdrawal {facts.undecided} of {facts.asset.symbol} has no known outcome; wait for it before another"


def _balance(facts: PreflightFacts) -> str:
    symbol = facts.asset.symbol
    if facts.balance is None or facts.available is None:
        return f"the balance of {symbol} is not known; wait until the Verifier can be read"
    if not facts.balance_fresh:
        return f"the balance of {symbol} is too old; refresh the inventory"
    if facts.amount <= facts.available:
        return ""
    if facts.available == 0 and facts.elsewhere:
        return f"0 {symbol} available; {' and '.join(facts.elsewhere)}; order that token instead"
    return (
        f"{_text(facts, facts.amount)} exceeds the {_text(facts, facts.available)} available (the rest is committed or "
        "leaving); reduce it, or wait for quotes to expire"
    )


def _unexplained(facts: PreflightFacts) -> str:
    if not facts.unexplained:
        return ""
    return f"{facts.asset.symbol} is missing from the balance without explanation; find the cause before withdrawing"


def _minimum(facts: PreflightFacts) -> str:
    if facts.minimum is None:
        return f"the bridge's minimum is not known ({facts.minimum_problem}); try again"
    arrives = facts.amount - (facts.fee or 0)
    if arrives <= 0:
        # The fee has a refusal of its own when it leaves nothing.
        return ""
    if facts.minimum_of == "leaves" and facts.amount < facts.minimum:
        wanted = _text(facts, facts.minimum)
        return f"{_text(facts, facts.amount)} is below the bridge's minimum of {wanted}; increase the amount"
    least = max(facts.minimum if facts.minimum_of == "arrives" else 0, _dust(facts))
    if arrives >= least:
        return ""
    wanted = _text(facts, least)
    return f"{_text(facts, arrives)} would arrive, below the bridge's minimum of {wanted}; increase the amount"


def _dust(facts: PreflightFacts) -> int:
    # Bitcoin nodes do not relay a smaller output (Bitcoin Core's default policy).
    if facts.asset.chain != "btc:mainnet":
        return 0
    return 294 if facts.destination.lower().startswith("bc1") else 546


def _fee(facts: PreflightFacts) -> str:
    if facts.fee is None:
        return f"the bridge's fee is not known ({facts.fee_problem}); try again"
    fee = _text(facts, facts.fee)
    if facts.expected_fee is not None and facts.fee != facts.expected_fee:
        return f"{FEE_CHANGED} to {fee}; review the withdrawal again"
    if facts.amount <= facts.fee:
        return f"the bridge's fee of {fee} leaves nothing to arrive; increase the amount"
    if facts.expected_fee is None and facts.fee * 100 > facts.amount * MAX_FEE_PERCENT:
        return (
            f"the bridge's fee of {fee} is {facts.fee / facts.amount:.1%} of the amount, above {MAX_FEE_PERCENT} %; "
            f"to accept it, give expected_fee ({facts.fee} base units; --fee), or withdraw more at once"
        )
    return ""


def _own_address(facts: PreflightFacts) -> str:
    if facts.own_deposit_address is None:
        return "the account's own deposit addresses are not known; refresh the liquidity manager"
    return OWN_DEPOSIT_ADDRESS if facts.own_deposit_address else ""


def _cooling_off(facts: PreflightFacts) -> str:
    if facts.cooling_left_ms <= 0:
        return ""
    return f"{NEW_ADDRESS}; wait {_seconds(facts.cooling_left_ms)} s and compare it with its source again"


CHECKS: tuple[Callable[[PreflightFacts], str], ...] = (
    _frozen,
    _locked,
    _paused,
    _transaction_route,
    _history,
    _clock,
    _previous_run,
    _undecided,
    _balance,
    _unexplained,
    _minimum,
    _fee,
    _own_address,
    _cooling_off,
)
"""Each returns its refusal, empty when it passes, in the order in which an operator reads them."""


def failed_checks(facts: PreflightFacts) -> tuple[str, ...]:
    """Return the refusal of every check that fails, each with what to do; empty when the withdrawal may go."""
    found = tuple(refusal for check in CHECKS if (refusal := check(facts)))
    if facts.omni is None:
        return found
    return (*found, *omni_refusals(facts.omni, expected_native_fee=facts.expected_native_fee))


def _text(facts: PreflightFacts, units: int) -> str:
    return f"{exact(facts.asset.to_decimal(units))} {facts.asset.symbol}"


def _seconds(ms: int) -> int:
    return -(-ms // 1000)
