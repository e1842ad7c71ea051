"""The sandbox's own endpoint: what the venue and its chains hold, and the faults of a rehearsal."""

import json
from collections.abc import Callable
from typing import Annotated

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from venue.protocol.assets import Token
from venue.protocol.units import NS_PER_S
from venue.sandbox.alarms import AlarmBoard
from venue.sandbox.assembly import Parts
from venue.sandbox.base.fault_values import DepositRequest, OneTimeFaults
from venue.sandbox.base.faults import Faults, FaultTable
from venue.sandbox.bridges import omni_view
from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.chains import Chain
from venue.sandbox.bridges.omni import OmniBridge
from venue.sandbox.bridges.records import BridgeWithdrawal, Deposit
from venue.sandbox.flow.guests import AccountOrder, Guest
from venue.sandbox.flow.traders import Traders
from venue.sandbox.http_apps import json_response
from venue.sandbox.serving.control_paths import CONTROL_PATHS
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.ledger import Ledger

Balances = dict[str, dict[str, str]]
"""Account to token id to base units as text."""


class _Forward(msgspec.Struct, forbid_unknown_fields=True):
    forward_s: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]


class _Token(msgspec.Struct, forbid_unknown_fields=True):
    life_s: Annotated[float, msgspec.Meta(ge=-31_536_000, le=315_360_000)]


class _Running(msgspec.Struct, forbid_unknown_fields=True):
    running: bool


def control_app(
    *,
    state: Callable[[str | None], dict[str, object]],
    chains: Callable[[], dict[str, object]],
    faults: FaultTable,
    traders: Traders,
    trigger: Callable[[OneTimeFaults], None],
    issue_token: Callable[[float], str],
    forward: Callable[[int], int],
    alarms: AlarmBoard,
    open_account: Callable[[AccountOrder], Guest],
) -> Starlette:
    """Serve what ``CONTROL_PATHS`` describes; ``GET /`` returns it."""

    async def describe(_: Request) -> Response:
        return json_response(
            {
                "paths": {name: path.meaning for name, path in CONTROL_PATHS.items()},
                "examples": {name: path.body or path.query for name, path in CONTROL_PATHS.items()},
                "faults": sorted(Faults.__struct_fields__),
                "once": sorted(OneTimeFaults.__struct_fields__),
            }
        )

    async def post_accounts(request: Request) -> Response:
        order = msgspec.convert(await _body(request), AccountOrder)
        return json_response(msgspec.to_builtins(open_account(order)))

    async def healthz(_: Request) -> Response:
        return json_response({"ok": True})

    async def get_state(request: Request) -> Response:
        return json_response(state(request.query_params.get("account")))

    async def get_chains(_: Request) -> Response:
        return json_response(chains())

    async def get_faults(request: Request) -> Response:
        usual = request.query_params.get("usual") is not None
        return json_response(msgspec.to_builtins(Faults() if usual else faults.current))

    async def post_faults(request: Request) -> Response:
        trigger(faults.apply(await _body(request)))
        return json_response(msgspec.to_builtins(faults.current))

    async def post_deposit(request: Request) -> Response:
        deposit = msgspec.convert(await _body(request), DepositRequest, strict=False)
        faults.check_deposit(deposit)
        trigger(OneTimeFaults(deposit=deposit))
        return json_response({"ok": True})

    async def post_traders(request: Request) -> Response:
        if msgspec.convert(await _body(request), _Running).running:
            traders.run()
        else:
            traders.pause()
        return json_response({"running": traders.running})

    async def get_takers(request: Request) -> Response:
        return json_response(traders.register.view(request.query_params.get("account")))

    async def post_time(request: Request) -> Response:
        by_ns = int(msgspec.convert(await _body(request), _Forward).forward_s * NS_PER_S)
        return json_response({"now_ns": forward(by_ns)})

    async def post_token(request: Request) -> Response:
        return json_response({"token": issue_token(msgspec.convert(await _body(request), _Token).life_s)})

    async def get_alarms(_: Request) -> Response:
        return json_response(alarms.state())

    async def post_alarms(request: Request) -> Response:
        return json_response(alarms.apply(await _body(request)))

    async def malformed(_: Request, error: Exception) -> Response:
        return json_response({"error": str(error)}, 400)

    return Starlette(
        routes=[
            Route("/", describe),
            Route("/healthz", healthz),
            Route("/accounts", post_accounts, methods=["POST"]),
            Route("/state", get_state),
            Route("/chains", get_chains),
            Route("/faults", get_faults),
            Route("/faults", post_faults, methods=["POST"]),
            Route("/deposit", post_deposit, methods=["POST"]),
            Route("/alarms", get_alarms),
            Route("/alarms", post_alarms, methods=["POST"]),
            Route("/time", post_time, methods=["POST"]),
            Route("/token", post_token, methods=["POST"]),
            Route("/takers", get_takers),
            Route("/traders", post_traders, methods=["POST"]),
        ],
        exception_handlers={msgspec.ValidationError: malformed, ValueError: malformed},
    )


async def _body(request: Request) -> object:
    return json.loads(await request.body())


def balances(ledger: Ledger) -> Balances:
    return {
        name: {token: str(amount) for token, amount in sorted(ledger.balances_of(name).items())}
        for name in sorted(ledger.accounts.names())
    }


def overview(
    parts: Parts, *, opening: Balances, connections: int, failures: int, account: str | None
) -> dict[str, object]:
    """Return the state as JSON values, amounts in base units as text. ``account`` narrows the fills to its own."""
    offset_ns = parts.market.offset_ns()
    settlement = parts.relay.settlement
    return {
        "seed": parts.config.seed,
        "account": parts.participants.maker.account,
        "running": parts.traders.running,
        "market": {"offset_ns": offset_ns, "mid": str(parts.path.mid_at(offset_ns))},
        "opening": opening,
        "balances": balances(parts.ledger),
        "fills": [msgspec.to_builtins(fill) for fill in settlement.fills if account in (None, fill.account)],
        "deposits": _all_deposits(parts),
        "requests": _requests(parts),
        "settlements": {name: settlement.counts[name] for name in ("settled", "failed")},
        "relay": {
            "connections": connections,
            "quote_subscriptions": parts.relay.subscriptions.count("quote"),
            "status_subscriptions": parts.relay.subscriptions.count("quote_status"),
            "extended_subscriptions": parts.relay.subscriptions.count("quote_status_extended"),
            "waiting": parts.relay.subscriptions.waiting(),
            **parts.relay.counts,
        },
        "traders": dict(parts.traders.counts),
        "rivals": dict(parts.rivals.counts),
        "faults": msgspec.to_builtins(parts.faults.current),
        "failures": failures,
    }


def _all_deposits(parts: Parts) -> list[dict[str, str]]:
    return [
        {
            "account": deposit.account,
            "token_id": deposit.token.asset.token_id,
            "symbol": deposit.token.asset.symbol,
            "amount": str(deposit.amount),
            "status": deposit.status,
        }
        for deposit in parts.bridge.deposits
    ]


def _requests(parts: Parts) -> dict[str, object]:
    total, active = parts.relay.requests.total(), parts.relay.active_requests()
    pairs = [
        {"asset_in": asset_in, "asset_out": asset_out, "count": count}
        for (asset_in, asset_out), count in sorted(parts.relay.requests.items())
    ]
    return {"total": total, "active": active, "other": total - active, "pairs": pairs}


def chains_view(bridge: Bridge, omni: OmniBridge, ledger: Ledger, now_ns: int) -> dict[str, object]:
    """Return by chain: balances by address (of its first coin, and of each), deposits, burns, payments and losses; by
    token its totals. Amounts are text.

    """
    return {name: _chain(bridge, omni, ledger, name, now_ns) for name in bridge.chains}


def _chain(bridge: Bridge, omni: OmniBridge, ledger: Ledger, name: str, now_ns: int) -> dict[str, object]:
    chain = bridge.chains[name]
    credited = bridge.credited(name)
    withdrawals = [row for row in bridge.withdrawals if row.token.asset.chain == name]
    return {
        "credits": None if credited is None else credited.asset.token_id,
        "tokens": {
            row.asset.token_id: _totals(bridge, omni, ledger, row.asset)
            for row in bridge.tokens
            if row.asset.chain == name
        },
        "balances": _shown(chain),
        "coins": {coin.coin: _shown(coin) for coin in bridge.coins.values() if coin.name == name},
        "payments": [payment for row in withdrawals if (payment := _payment(row, now_ns)) is not None]
        + omni_view.payments(omni, name, now_ns),
        "withdrawals": [_withdrawal(row) for row in withdrawals] + omni_view.withdrawals(omni, name),
        "deposits": [_deposit(row, now_ns) for row in bridge.deposits if row.transfer.chain == name],
        "lost": [_lost(row.burn) for row in bridge.lost if row.token.asset.chain == name]
        + [_lost(burn) for burn in omni.lost if _is_of(bridge, burn, name)],
    }


def _shown(coin: Chain) -> dict[str, str]:
    return {address: str(amount) for address, amount in sorted(coin.balances.items())}


def _totals(bridge: Bridge, omni: OmniBridge, ledger: Ledger, token: Token) -> dict[str, object]:
    totals: dict[str, int] = msgspec.to_builtins(bridge.totals(token.token_id))
    return {
        "symbol": token.symbol,
        "supply": str(ledger.supply(token.token_id)),
        "totals": {key: str(amount) for key, amount in totals.items()},
        "omni": omni_view.totals(omni, token.token_id),
    }


def _is_of(bridge: Bridge, burn: Burn, chain: str) -> bool:
    token = bridge.token(lambda known: known.asset.token_id == burn.token_id)
    return token is not None and token.asset.chain == chain


def _lost(burn: Burn) -> dict[str, object]:
    return {
        "burn": burn.tx_hash,
        "account": burn.account,
        "token_id": burn.token_id,
        "amount": str(burn.amount),
        "receiver_id": burn.receiver_id,
        "memo": burn.memo,
    }


def _payment(row: BridgeWithdrawal, now_ns: int) -> dict[str, object] | None:
    if row.payment is None:
        return None
    return {
        "tx_hash": row.payment.tx_hash,
        "token_id": row.token.asset.token_id,
        "to": row.payment.to,
        "amount": str(row.payment.amount),
        "at_ns": row.payment.at_ns,
        "confirmations": row.payment.confirmations(now_ns),
        "burn": row.tx_hash,
        "burn_number": row.number,
    }


def _withdrawal(row: BridgeWithdrawal) -> dict[str, object]:
    return {
        "burn": row.tx_hash,
        "burn_number": row.number,
        "account": row.account,
        "token_id": row.token.asset.token_id,
        "address": row.address,
        "amount": str(row.amount),
        "fee": str(row.fee),
        "status": row.status,
        "reason": row.reason,
        "transfer_tx_hash": None if row.payment is None else row.payment.tx_hash,
    }


def _deposit(row: Deposit, now_ns: int) -> dict[str, object]:
    return {
        "tx_hash": row.transfer.tx_hash,
        "from": row.transfer.sender,
        "to": row.transfer.to,
        "account": row.account,
        "token_id": row.token.asset.token_id,
        "amount": str(row.amount),
        "confirmations": row.transfer.confirmations(now_ns),
        "seen": row.seen_ns <= now_ns,
        "status": row.status,
    }
