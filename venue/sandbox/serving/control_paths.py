"""What the control endpoint serves, with an example of each call."""

from collections.abc import Mapping

import msgspec


class ControlPath(msgspec.Struct, frozen=True):
    """One path. ``body``: JSON that it takes, or ``query``: what may follow it; empty for neither."""

    meaning: str
    body: str = ""
    query: str = ""


CONTROL_PATHS: Mapping[str, ControlPath] = {
    "GET /": ControlPath("Every path with its meaning and an example, and every fault with its range."),
    "GET /healthz": ControlPath("Whether the venue runs."),
    "GET /state": ControlPath(
        "Balances, fills, requests and counts; `account` selects one account's fills.", query="?account=solver.near"
    ),
    "GET /chains": ControlPath("What the chains and the bridges hold: deposits, burns, payments, losses."),
    "GET /faults": ControlPath("The faults that hold; `usual` for those of a venue without any.", query="?usual=1"),
    "POST /faults": ControlPath(
        "Switch faults on, and off with their usual value; `mend` switches all off first.",
        body='{"mend": true, "relay_stall": true}',
    ),
    "POST /accounts": ControlPath(
        "The faucet: open an account or add to it, amounts in whole tokens. Without a `public_key` the answer holds a "
        "private key; without `balances` it gets what a maker starts with.",
        body='{"account": "solver.near", "balances": {"nBTC": "0.5", "EURe": "15000"}}',
    ),
    "POST /deposit": ControlPath(
        "A deposit arrives on another chain, of a `token_id` or on a `chain`, in base units.",
        body='{"chain": "btc:mainnet", "amount": "1000000"}',
    ),
    "GET /takers": ControlPath(
        "Requests and executed quotes by kind of taker; `account` selects one maker's quotes.",
        query="?account=solver.near",
    ),
    "POST /ask": ControlPath(
        "Ask for quotes as a taker, in whole tokens, and return the answers; `take` is `best` or `none`.",
        body='{"asset_in": "nBTC", "asset_out": "EURe", "amount_in": "0.001", "max_wait_ms": 1000}',
    ),
    "POST /traders": ControlPath("Pause the traders, or let them run.", body='{"running": false}'),
    "POST /time": ControlPath("Move the venue's time forward; see the warning below.", body='{"forward_s": 60}'),
    "POST /token": ControlPath(
        "Issue a bearer token of the relay that ends after so long; below 0 for one that has ended.",
        body='{"life_s": 3600}',
    ),
    "GET /alarms": ControlPath("The venue's own alarms."),
    "POST /alarms": ControlPath(
        "Raise an `incident`, publish a `post`, or `resolve` one or all.",
        body='{"incident": {"scopeType": "chain", "scopeValue": "gnosis"}}',
    ),
}
"""By method and path."""
