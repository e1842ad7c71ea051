"""The record of a decision, made by whoever reads it first: a text that cannot be made costs that text and no more."""

from functools import partial

from cockpit.desk.quoting.desk_view import DeskView, record_view
from cockpit.desk.quoting.risk_checks import RiskCheck
from cockpit.desk.quoting.strategy import Decision, decision_event, decision_of_checks
from cockpit.model.events import Check, SwapDemand, TradeDecision
from cockpit.model.recorder import LateEvent


def late_decision(
    decision_id: str, request: SwapDemand, decision: Decision, view: DeskView, failure: str, rules_id: str
) -> LateEvent[TradeDecision]:
    """Return what ``decision_event`` makes of these, to be made later."""
    given = decision_id, request, decision, view, failure, rules_id
    return LateEvent(
        partial(decision_event, *given),
        instead=partial(undescribed_decision, *given),
        name=(TradeDecision.__name__, decision_id, request.quote_id),
    )


def undescribed_decision(
    decision_id: str, request: SwapDemand, decision: Decision, view: DeskView, failure: str = "", rules_id: str = ""
) -> TradeDecision:
    """Make the record where ``decision_event`` raises: its ids, amounts and outcome, and what each check found.

    A check whose text raises says so in its details; a view that cannot be recorded is empty.
    """
    checks = tuple([Check(check.name, check.passed, _text(check)) for check in decision.checks])
    return decision_of_checks(
        decision_id, request, decision, checks, failure=failure, rules_id=rules_id, view=_recorded(view)
    )


def _text(check: RiskCheck) -> str:
    try:
        return check.text()
    except Exception as error:
        # Only the kind of the error: what it says may hold anything.
        return f"not recorded: its text could not be made ({type(error).__name__})"


def _recorded(view: DeskView) -> str:
    try:
        return record_view(view)
    except Exception:
        return ""
