"""Deposits, where to send them, and which token each may become, as a cockpit shows them. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.messages import other_decimals
from cockpit.model.ages import age_ms
from cockpit.model.formatting import age, exact
from cockpit.model.snapshot import DepositAddressRow, DepositCredit, DepositRow, InventoryRow
from venue.bridges.poa.client import Deposit
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable

MAX_FOREIGN = 5
_MAX_SHOWN = 64


def deposit_row(tracker: DepositTracker, deposit: Deposit, now_ns: int) -> DepositRow:
    asset = tracker.asset(deposit)
    return DepositRow(
        symbol=asset.symbol if asset else _foreign_name(deposit),
        amount=Decimal(deposit.amount).scaleb(-deposit.decimals),
        status=deposit.status,
        chain=deposit.chain,
        tx_hash=deposit.tx_hash,
        age_ms=age_ms(now_ns, deposit.created_ns) or 0,
        in_table=asset is not None,
        places=asset.places if asset else 8,
    )


def address_rows(tokens: TokenTable, tracker: DepositTracker, now_ns: int) -> tuple[DepositAddressRow, ...]:
    """Return where to send each coin; none before the bridge has returned its address.

    A coin is an underlying on one chain. It goes by the first of its tokens in the table.
    """
    rows = []
    for coin in _coins(tokens):
        address = tracker.addresses.get(coin[0].symbol)
        if address is None:
            continue
        listed = [token for token in coin if token.symbol in tracker.tokens]
        credits = tuple(_credit(token, tracker) for token in listed)
        minima = [credit.minimum for credit in credits]
        known, note = _note(coin, listed, tracker, now_ns)
        rows.append(
            DepositAddressRow(
                symbol=coin[0].symbol,
                chain=address.chain,
                address=address.address,
                memo=address.memo,
                minimum=None if not minima or None in minima else max(one for one in minima if one is not None),
                age_ms=age_ms(now_ns, tracker.addresses_at_ns),
                credits=credits,
                known=known,
                note=note,
            )
        )
    return tuple(rows)


def fund_warnings(tokens: TokenTable, held: Iterable[InventoryRow], tracker: DepositTracker) -> tuple[str, ...]:
    """Name money that no market trades or that the desk does not know, and what to do about it."""
    found = []
    for row in held:
        token = tokens.by_symbol(row.symbol)
        if row.balance and token is not None and not tokens.traded(token):
            found.append(
                f"{exact(row.balance)} {row.symbol} held, but no market trades it: withdraw it or add a market"
            )
    found += [
        f"the bridge gave no deposit address on {chain} that can be one, so send nothing there: {problem}"
        for chain, problem in tracker.bad_addresses.items()
    ]
    for deposit in tracker.foreign[:MAX_FOREIGN]:
        token = tracker.asset_of(deposit.near_token_id)
        if token is not None:
            stated = other_decimals("a deposit", deposit.decimals, token.symbol, token.decimals)
            found.append(f"{stated}: its amount is unknown and not counted; ask the bridge's support")
            continue
        amount = exact(Decimal(deposit.amount).scaleb(-deposit.decimals))
        found.append(
            f"a deposit of {amount} on {deposit.chain} became {_foreign_name(deposit)}, which the desk does not "
            "count: add it to markets.toml"
        )
    found += [
        f"the bridge also lists {printable(other.near_token_id)} for {printable(other.defuse_asset_identifier)}, "
        "which the desk would not count: add it to markets.toml"
        for other in tracker.foreign_tokens[:MAX_FOREIGN]
    ]
    return tuple(dict.fromkeys(found))


def _coins(tokens: TokenTable) -> list[list[Token]]:
    coins: dict[tuple[str, str], list[Token]] = {}
    for token in tokens.tokens:
        coins.setdefault((token.chain, token.underlying.name), []).append(token)
    return list(coins.values())


def _credit(token: Token, tracker: DepositTracker) -> DepositCredit:
    least = tracker.tokens[token.symbol].min_deposit_amount
    return DepositCredit(
        symbol=token.symbol,
        minimum=None if least is None else token.to_decimal(least),
        deposits=tracker.credited[token.symbol],
    )


def _note(coin: Sequence[Token], listed: Sequence[Token], tracker: DepositTracker, now_ns: int) -> tuple[bool, str]:
    if not listed:
        return False, f"the bridge lists no token of {coin[0].symbol} on {coin[0].chain}: send nothing"
    names = " and ".join(token.symbol for token in listed)
    if len(listed) == 1:
        return True, f"becomes {names}, the only token that the bridge lists here" if len(coin) > 1 else ""
    own = {symbol: one.created_ns or 0 for symbol, one in tracker.last_credited.items()}
    seen = [(own[token.symbol], token.symbol) for token in coin if token.symbol in own]
    if not seen:
        return False, f"not known which: the bridge lists {names}. Send a small amount first"
    at_ns, became = max(seen)
    ago = age(age_ms(now_ns, at_ns))
    return False, f"your last deposit here became {became} {ago} ago; the bridge lists {names}"


def _foreign_name(deposit: Deposit) -> str:
    return printable(deposit.near_token_id or deposit.defuse_asset_identifier)


def printable(text: str) -> str:
    """Return the bridge's name of something as it may be shown: printable ASCII of bounded length."""
    clean = "".join(character if " " < character <= "~" else "?" for character in text)
    return clean if len(clean) <= _MAX_SHOWN else clean[: _MAX_SHOWN - 1] + "…"
