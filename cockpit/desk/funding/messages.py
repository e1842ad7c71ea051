"""Texts that several modules of this package show an operator."""

NOT_CONFIRMED = "the history did not confirm the record in time; check its health"
NEVER_SENT = "the desk ended before it was sent; nothing left, place a new order"
BRIDGE_LISTS_IT = "the bridge lists the withdrawal"
BALANCES_SHOW_IT = "the balances show that it left"
OWN_DEPOSIT_ADDRESS = "this is the account's own deposit address; the amount would only pay fees, enter another address"
NOT_SHOWN = "it explains no balance until NEAR or the bridge shows that it left this account"
NOT_INDEXED = "the bridge has not indexed it yet"
NOT_REFUNDED = (
    "it left, and the bridge may have refused it on NEAR; nothing is credited back; "
    "ask the bridge's support with its NEAR hash"
)

NONCE_USED_BY_ONE = "one NEAR RPC endpoint says that its nonce is used; a second one, or the balances, must show it"
REOPENED = "the balances show that it left, although it was called expired or failed; it is followed again"


def other_decimals(what: str, found: int, symbol: str, decimals: int) -> str:
    """Say that the bridge counts in other units than the table of tokens, so that no amount of it can be read."""
    return f"the bridge states {what} in {found} decimals, and {symbol} has {decimals}"


def untracked_by(actor: str) -> str:
    return f"not followed any more, by {actor}"
