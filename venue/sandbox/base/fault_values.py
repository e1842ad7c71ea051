"""What the faults of a rehearsal may be: how an endpoint behaves, what an exchange says, which answers are lost."""

from typing import Annotated, Literal, get_args

import msgspec

from venue.sandbox.base.described import about
from venue.sandbox.base.names import check_account, check_token_id

Endpoint = Literal["ok", "429", "500", "garbage", "slow"]
Gateway = Literal["ok", "401", "403", "429", "500", "garbage", "slow"]
Exchange = Literal["kraken", "coinbase", "bitstamp"]
MarketState = Literal[
    "online", "maintenance", "cancel_only", "post_only", "trading_disabled", "auction_mode", "delisted"
]
Node = Literal["near_a", "near_b"]
Feature = Literal["ALL", "intents", "ft_withdraw", "ft_on_transfer", "mt_transfer"]
View = Literal["pa_all_paused", "is_account_locked", "is_auth_by_predecessor_id_enabled", "simulate_intents"]
Seconds = Annotated[float, about("", "s", ge=0, le=604_800)]
Times = Annotated[int, about("", "times", ge=0, le=100_000)]
LOST_VALUES = '{"mode": "drop|swallow|late|twice|garbled", "times": 1, "silence": "close|500|timeout", "delay_s": 1}'
LOST_LIMITS = "times 0 to 100,000, delay_s 0 to 604,800"
OMNI_VALUES = (
    'JSON of {"api": "ok|429|500|garbage|slow", "version": "v3|v4", "native_fee": 0, "insufficient_utxo": false, '
    '"storage_low": false, "stuck": false, "lies": "amount|recipient|hash", "pays_below": 0}, fees 0 to 2^128 - 1'
)
DEPOSIT_VALUES = (
    'JSON such as {"chain": "btc:mainnet", "amount": "1000000"}; or "token_id", and "account", "sender", "tx_hash", '
    '"fails", "confirm_after_s" and "seen_after_s" 0 to 86,400'
)


def values_by(names: object, example: str, values: str) -> str:
    """Return how a fault by exchange or node is written: an example and what its values may be."""
    known = get_args(names)
    return f'JSON by {", ".join(known)}, such as {{"{known[0]}": {example}}}: {values}'


NODE_PERIODS = values_by(Node, "30", "0 to 604,800")

_MOST_UNITS = 2**128 - 1


class LostAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong with the next ``times`` calls that would move money.

    ``mode``: ``drop``, nothing happens and no answer comes; ``swallow``, it happens and no answer comes; ``late``, no
    answer comes and it happens ``delay_s`` seconds later; ``twice``, it is delivered twice and the second answer
    comes; ``garbled``, it happens and the answer comes twice in one body. ``silence``: what comes in place of the
    answer: the connection closes, an HTTP 500, or nothing until the caller hangs up.
    """

    mode: Literal["drop", "swallow", "late", "twice", "garbled"]
    times: Times = 1
    silence: Literal["close", "500", "timeout"] = "close"
    delay_s: Seconds = 1.0


class DepositRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money that arrives on another chain, base units, final there after ``confirm_after_s``.

    It becomes the token ``token_id``, or with ``chain`` instead the token that the bridge credits there.
    The bridge sees it ``seen_after_s`` after its arrival, or at once after ``notify_deposit``. ``sender`` and
    ``tx_hash`` are the chain's, made up when not given; ``fails``: it is never credited.
    """

    amount: Annotated[int, msgspec.Meta(gt=0)]
    token_id: str | None = None
    chain: str | None = None
    account: str | None = None
    confirm_after_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 15.0
    seen_after_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0
    sender: str | None = None
    tx_hash: str | None = None
    fails: bool = False

    def __post_init__(self) -> None:
        if (self.token_id is None) == (self.chain is None):
            raise ValueError("name the token_id or the chain of the deposit, not both")
        _check_amount(self.amount)
        if self.account is not None:
            check_account(self.account)


class Gift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A transfer from a stranger within the Verifier, base units; no bridge knows of it. To the maker by default."""

    token_id: str
    amount: Annotated[int, msgspec.Meta(gt=0)]
    account: str | None = None

    def __post_init__(self) -> None:
        check_token_id(self.token_id)
        _check_amount(self.amount)
        if self.account is not None:
            check_account(self.account)


class OneTimeFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens once, at once."""

    mend: Annotated[bool, about("Every fault is off before those of the same order are on.")] = False
    relay_drop: Annotated[bool, about("Drops the relay's connections.")] = False
    rotate_salt: Annotated[Literal["keep_old", "invalidate_old"] | None, about("The Verifier gets a new salt.")] = None
    deposit: Annotated[
        DepositRequest | None,
        about(
            "Money arrives through the bridge, as with `POST /deposit`.",
            "base units",
            values=DEPOSIT_VALUES,
        ),
    ] = None
    gift: Annotated[
        Gift | None,
        about(
            "Money arrives from a stranger inside the Verifier; no bridge knows of it. To the maker by default.",
            "base units",
            values='JSON such as {"token_id": "nep141:btc.omft.near", "amount": "1000000"}, and "account"',
        ),
    ] = None
    bitstamp_reconnect: Annotated[bool, about("Bitstamp asks to reconnect.")] = False


def _check_amount(units: int) -> None:
    if units > _MOST_UNITS:
        raise ValueError(f"an amount may be {_MOST_UNITS} base units at most")
