"""A secret comes out by reveal() and in no other way."""

import copy
import json
import pickle
import traceback

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config.errors import SettingsError
from cockpit.config.secret import Secret
from cockpit.config.settings import SECRET_NAMES, load
from tests.support.settings import environ

WORD = "hunter2-hunter2-hunter2"


def test_printing_never_shows_it() -> None:
    secret = Secret(WORD)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>40}", "%s %r" % (secret, secret), repr([secret])]  # noqa: UP031
    assert not any(WORD in text for text in shown)
    assert secret.reveal() == WORD


def test_it_cannot_be_serialised() -> None:
    secret = Secret(WORD)
    for store in (pickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(TypeError) as caught:
            store(secret)
        assert WORD not in str(caught.value)


def test_copies_are_the_same_object_and_it_cannot_be_changed() -> None:
    secret = Secret(WORD)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
    with pytest.raises(AttributeError):
        secret._text = "x"
    with pytest.raises(AttributeError):
        del secret._text  # type: ignore[attr-defined]
    assert secret == Secret(WORD)
    assert secret != Secret("another")
    assert secret != WORD


def test_settings_neither_print_nor_store_their_secrets() -> None:
    given_values = environ()
    settings = load(None, given_values)
    shown = f"{settings} {settings!r} {settings.model_dump()}"
    assert not any(given_values[name] in shown for name in SECRET_NAMES if name in given_values)
    with pytest.raises(Exception, match="Unable to serialize") as caught:
        settings.model_dump_json()
    assert given_values["NEAR_INTENTS_API_KEY"] not in str(caught.value)
    with pytest.raises(TypeError):
        pickle.dumps(settings)


SAFE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs"])


@given(
    name=st.sampled_from(sorted(SECRET_NAMES)),
    head=st.sampled_from(["", "ed25519:", "Bearer ", "postgres://", "{", '"']),
    body=st.text(SAFE, min_size=1, max_size=120).map(lambda text: f"§{text}§"),
)
def test_no_error_holds_anything_of_a_malformed_secret(name: str, head: str, body: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(None, environ(STRATEGY_HALF_SPREAD_BPS="x", **{name: head + body}))
    everything = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert body not in everything
    assert name in everything
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
