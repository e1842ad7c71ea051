"""What left accounts on the Verifier, as it logs it: NEP-297 events ``nep245`` ``mt_burn``.

Sources: nomicon.io, NEP-245 and NEP-297; github.com/near/intents, ``MtBurnEvent`` of a withdrawal.
"""

import msgspec

from venue.transport.amounts import amount_of

PREFIX = "EVENT_JSON:"
MOST_LOGS = 1_000
"""A call logs at most 16 KiB."""
MOST_BYTES = 16_384


class Burn(msgspec.Struct, frozen=True):
    """Base units of a token that left the account ``owner``."""

    owner: str
    token_id: str
    amount: int


class _Burned(msgspec.Struct):
    owner_id: str
    token_ids: list[str]
    amounts: list[str]


class _Event(msgspec.Struct):
    standard: str
    event: str
    data: msgspec.Raw


_EVENT = msgspec.json.Decoder(_Event)
_BURNED = msgspec.json.Decoder(list[_Burned])


def read_burns(logs: object) -> tuple[Burn, ...] | None:
    """Return the burns in the logs of a receipt; None when they cannot be read. Other events are left out."""
    if not isinstance(logs, list) or len(logs) > MOST_LOGS:
        return None
    found: list[Burn] = []
    for log in logs:
        if not isinstance(log, str) or not log.startswith(PREFIX) or len(log) > MOST_BYTES:
            continue
        try:
            event = _EVENT.decode(log.removeprefix(PREFIX))
            if (event.standard, event.event) == ("nep245", "mt_burn"):
                found += [one for burned in _BURNED.decode(event.data) for one in _each(burned)]
        except (msgspec.MsgspecError, ValueError):
            return None
    return tuple(found)


def _each(burned: _Burned) -> list[Burn]:
    pairs = zip(burned.token_ids, burned.amounts, strict=True)
    return [Burn(burned.owner_id, token_id, amount_of(amount)) for token_id, amount in pairs]
