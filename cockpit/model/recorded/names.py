"""What recorded names are called on the screen: risk checks, outcomes of quotes, parts of the desk. Pure."""

from collections.abc import Mapping

from cockpit.model.pricing.value_texts import in_words

REASONS: Mapping[str, str] = {
    "quote": "quoted",
    "dry": "price check",
    "request_age": "old request",
    "strategy_armed": "disarmed",
    "executor_armed": "in SHADOW",
    "reference": "no reference",
    "reference_age": "stale price",
    "inventory": "no balance",
    "inventory_age": "stale balance",
    "deadline": "long deadline",
    "amount": "below dust",
    "notional": "over notional",
    "min_notional": "below min size",
    "edge": "edge too thin",
    "premium": "over premium",
    "covered": "not covered",
    "promised": "max committed",
    "signed": "max signed",
    "option": "max options",
    "share": "share limit",
    "rate": "quote rate",
    "fills": "fills per hour",
    "loss": "daily loss",
    "trading": "trading state",
    "salt": "no salt",
    "relay": "relay down",
    "history": "history down",
    "sent": "not sent",
}
"""Why a request was quoted or not, by the check that decided."""

OUTCOMES: Mapping[str, str] = {"ready_to_settle": "settling", "settle_failed": "settle failed"}
"""Outcomes of a quote that are not called as they are recorded."""

PART_NAMES: Mapping[str, str] = {
    "near-intents-ingest": "requests",
    "market-reference-ingest": "reference",
    "inventory-sync": "inventory",
    "liquidity-manager": "funds",
    "history-writer": "history",
    "strategy-engine": "strategy",
    "trade-executor": "executor",
}


def reason_name(check: str) -> str:
    return REASONS.get(check, check.replace("_", " "))


def outcome_name(outcome: str) -> str:
    return OUTCOMES.get(outcome, outcome.replace("_", " "))


def short_names(text: str) -> str:
    """Name parts and changed values as on the screen: the desk's commands use names of its services and settings."""
    for part, name in PART_NAMES.items():
        text = text.replace(part, name)
    return in_words(text)
