"""Calls of the Verifier in every form that the recorded corpus varies, for properties that need no oracle."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.support.sandbox.signing import NOW, Signer
from venue.protocol.units import NS_PER_S
from venue.sandbox.wire.timestamps import format_timestamp

WRAP, NFT, MULTI = "nep141:wrap.near", "nep171:nft.near:7", "nep245:mt.near:1"
KEY = Signer("other.near", 9).public_key
INTENTS: Mapping[str, Mapping[str, object]] = {
    "token_diff": {"diff": {WRAP: "-1", MULTI: "1"}, "memo": "m", "referral": "ref.near"},
    "transfer": {"receiver_id": "taker.near", "tokens": {WRAP: "1"}, "memo": "m"},
    "ft_withdraw": {
        "token": "wrap.near",
        "receiver_id": "taker.near",
        "amount": "1",
        "memo": "m",
        "msg": "x",
        "storage_deposit": "1",
        "min_gas": "1",
    },
    "nft_withdraw": {"token": "nft.near", "receiver_id": "taker.near", "token_id": "7", "memo": "m"},
    "mt_withdraw": {"token": "mt.near", "receiver_id": "taker.near", "token_ids": ["1"], "amounts": ["1"]},
    "native_withdraw": {"receiver_id": "taker.near", "amount": "1"},
    "storage_deposit": {"contract_id": "omni.near", "deposit_for_account_id": "taker.near", "amount": "1"},
    "auth_call": {"contract_id": "x.near", "msg": "hi", "attached_deposit": "1", "min_gas": 5},
    "add_public_key": {"public_key": KEY},
    "remove_public_key": {"public_key": KEY},
    "set_auth_by_predecessor_id": {"enabled": True},
}
"""A whole intent of each kind."""

VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    2**64,
    2**128 - 1,
    2**128,
    "",
    "0",
    "00",
    "+1",
    "-1",
    "-0",
    "1e2",
    " 1",
    "1_0",
    "\u0661",
    str(2**127 - 1),
    str(2**127),
    str(2**128 - 1),
    str(2**128),
    "9" * 80,
    "a",
    "ab",
    "a" * 64,
    "a" * 65,
    "UPPER.near",
    "a..b",
    "a.near\n",
    "nep141:a",
    "nep171:nft.near",
    "nep245:mt.near:",
    "ed25519:",
    "secp256k1:" + "1" * 64,
    KEY.removeprefix("ed25519:"),
    KEY.upper(),
    "x" * 20_000,
    "\x00",
    [],
    ["1"],
    [[[]]],
    {},
    {"a": {"b": None}},
    {WRAP: "1", NFT: "-1", MULTI: "2"},
    {"nep171:nft.near:" + "x" * 200: "1"},
)
DEADLINES = (
    format_timestamp(NOW),
    format_timestamp(NOW - 1),
    format_timestamp(NOW + 60 * NS_PER_S),
    "2030-01-01t00:00:00z",
    "2030-01-01 00:00:00 UTC",
    "+262142-12-31T23:59:59.9999999999Z",
    "-262143-01-01T00:00:00Z",
    "2030-02-30T00:00:00Z",
    "2030-01-01T00:00:60Z",
    "2030-01-01T00:00:00",
    "",
    5,
    None,
)


@st.composite
def intent(draw: st.DrawFn) -> Any:
    """One intent: whole, or with fields missing, changed, added, as a list or under another tag."""
    kind = draw(st.sampled_from(sorted(INTENTS)))
    fields: dict[str, Any] = dict(INTENTS[kind])
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([*sorted(fields), "unknown", "state_init"]))
        if draw(st.booleans()):
            fields.pop(name, None)
        else:
            fields[name] = draw(st.sampled_from(VALUES))
    tag = draw(st.sampled_from([kind] * 8 + [kind.upper(), sorted(INTENTS).index(kind), None, "imt_mint"]))
    if draw(st.integers(0, 7)) == 0:
        return [tag, *fields.values()]
    return {"intent": tag, **fields}


@st.composite
def message(draw: st.DrawFn, account: str) -> str:
    """A message's text: its members in any order, sometimes one of them twice or missing."""
    members: list[tuple[str, object]] = [
        ("signer_id", account),
        ("deadline", draw(st.sampled_from(DEADLINES[2:3] * 8 + DEADLINES))),
        ("intents", draw(st.lists(intent(), max_size=3))),
    ]
    members = draw(st.permutations(members))
    odd = draw(st.integers(0, 15))
    if odd == 0:
        members = [*members, members[0]]
    elif odd == 1:
        members = members[1:]
    elif odd == 2:
        members = [*members, ("unknown", draw(st.sampled_from(VALUES)))]
    return "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members) + "}"
