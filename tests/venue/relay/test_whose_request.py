"""Whether a request is for a market of ours is read as Python's own JSON reads it, however the frame is written."""

import json

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cockpit.model.events import SwapDemand
from tests.support.counted_lines import Lines
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, NBTC
from venue.relay.errors import MalformedMessageError
from venue.relay.messages import decode_message, read_event

IDS = (BTC.token_id, NBTC.token_id, EURE.token_id, "nep141:wrap.near", BTC.token_id + ".near", BTC.token_id.upper(), "")
ASSETS = ("defuse_asset_identifier_in", "defuse_asset_identifier_out")
Member = tuple[str, str]


@st.composite
def texts(draw: st.DrawFn, of: st.SearchStrategy[str]) -> str:
    """Return a JSON string in which any character may be escaped."""
    text = draw(of)
    escaped = draw(st.sets(st.integers(0, max(0, len(text) - 1)), max_size=3)) if draw(st.booleans()) else set()
    shown = "".join(f"\\u{ord(c):04x}" if at in escaped else json.dumps(c)[1:-1] for at, c in enumerate(text))
    return f'"{shown}"'


@st.composite
def objects(draw: st.DrawFn, always: list[st.SearchStrategy[Member]], also: st.SearchStrategy[Member]) -> str:
    """Return a JSON object: members in any order, also twice, with any white space."""
    members = [draw(member) for member in always] + draw(st.lists(also, max_size=2))
    blank = draw(st.sampled_from(("", "", " ", "\n\t")))
    shown = [f"{blank}{name}{blank}:{blank}{value}" for name, value in draw(st.permutations(members))]
    return "{" + ",".join(shown) + "}"


def member(name: str, value: st.SearchStrategy[str]) -> st.SearchStrategy[Member]:
    return st.tuples(texts(st.just(name)), value)


ID_TEXTS = texts(st.one_of(st.sampled_from(IDS[:3]), st.sampled_from(IDS)))
ASSET_IN, ASSET_OUT = (member(name, ID_TEXTS) for name in ASSETS)
OTHER = st.one_of(
    ASSET_IN,
    ASSET_OUT,
    member("x", ID_TEXTS),
    member("min_deadline_ms", st.sampled_from(("1000", '"1000"', '"no"', "null"))),
    member("exact_amount_out", st.just("null")),
)
DATA = objects(
    [ASSET_IN, ASSET_OUT, member("quote_id", st.just('"q"')), member("exact_amount_in", st.just('"1"'))], OTHER
)
DATA_MEMBER = member("data", DATA)
NESTED = st.one_of(*(member(name, DATA) for name in ("metadata", "trusted_metadata", "x")))
PARAMS = st.one_of(objects([DATA_MEMBER], st.one_of(NESTED, DATA_MEMBER, OTHER)), DATA)
PARAMS_MEMBER = member("params", PARAMS)
FRAMES = objects(
    [member("method", st.sampled_from(('"event"', '"event"', '"subscribe"', '"other"'))), PARAMS_MEMBER],
    st.one_of(PARAMS_MEMBER, member("result", PARAMS), member("x", PARAMS)),
)


def pair_of(frame: str) -> tuple[object, object] | None:
    """Return the assets of an event, as Python's own JSON finds them; None when it asks for none."""
    message = json.loads(frame)
    params = message.get("params")
    if message.get("method") not in ("event", "subscribe") or params is None:
        return None
    # An object of ours is never empty: all that it lacks is None.
    data = params if params.get("data") is None else params["data"]
    return None if data.get(ASSETS[0]) is None else (data[ASSETS[0]], data.get(ASSETS[1]))


@settings(max_examples=100, deadline=None)
@given(FRAMES)
@example(f'{{"method":"event","params":{{"data":{{"{ASSETS[0]}":"a","{ASSETS[0]}":"{BTC.token_id}"}}}}}}')
def test_a_request_of_ours_is_never_taken_for_one_of_another_pair_nor_the_reverse(frame: str) -> None:
    pair = pair_of(frame)
    try:
        message = decode_message(frame)
    except msgspec.ValidationError:
        # A value of another shape where the request states its own.
        return
    try:
        event = read_event(message, DEFAULT_TOKENS, 0)
    except MalformedMessageError:
        event = None
        assert pair is not None
    ours = pair is not None and DEFAULT_TOKENS.market(str(pair[0]), str(pair[1])) is not None
    assert (event == "other_pair") == (pair is not None and not ours)
    if isinstance(event, SwapDemand):
        assert (event.asset_in, event.asset_out) == pair


def test_a_request_for_another_pair_takes_few_steps_however_much_it_says() -> None:
    """Nothing behind the two ids is read: neither amounts nor the nested metadata, which stay bytes."""

    def steps(data: dict[str, object], metadata: object) -> int:
        assets = dict(zip(ASSETS, (BTC.token_id, "nep141:wrap.near"), strict=True))
        params = {"data": {**data, **assets}, "metadata": metadata}
        message = decode_message(json.dumps({"method": "event", "params": params}))
        with Lines() as lines:
            assert read_event(message, DEFAULT_TOKENS, 0) == "other_pair"
        return lines.count

    deep: dict[str, object] = {"trusted_metadata": {}}
    for _ in range(200):
        deep = {"upstream_trusted_metadata": deep, "partner_id": "x" * 100}
    assert steps({"quote_id": "", "exact_amount_in": "no number"}, deep) == steps({}, {}) < 15
