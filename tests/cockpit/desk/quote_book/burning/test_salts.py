"""A salt is asked about once; again when the answer did not come, or when there is doubt about a valid one."""

import asyncio

import pytest

from cockpit.desk.quote_book.burning import salts as salts_module
from cockpit.desk.quote_book.burning.salts import Salts
from tests.support.desk.builders import SALT, Clock
from tests.support.desk.chain import Chain, ChainVerifier
from venue.near.rpc import Finality
from venue.verifier import Verifier

OTHER = bytes.fromhex("00112233")


class Counting(ChainVerifier):
    """The chain's view, with what it was asked about; with ``hangs`` it never answers."""

    def __init__(self, chain: Chain) -> None:
        super().__init__(chain)
        self.asked: list[bytes] = []
        self.others = [ChainVerifier(chain)]
        self.hangs = False

    @property
    def witnesses(self) -> tuple[Verifier, ...]:
        return tuple(self.others)

    async def is_valid_salt(self, salt: bytes, *, finality: Finality = "optimistic") -> bool:
        self.asked.append(salt)
        if self.hangs:
            await asyncio.Event().wait()
        return await super().is_valid_salt(salt, finality=finality)


def counting() -> tuple[Chain, Counting, Salts]:
    chain = Chain(Clock())
    verifier = Counting(chain)
    return chain, verifier, Salts(verifier)


async def test_each_salt_is_asked_about_once() -> None:
    chain, verifier, salts = counting()
    chain.dead_salts.add(OTHER)
    for _ in range(3):
        assert await salts.ask([SALT, OTHER, SALT, b""]) == ""
    assert sorted(verifier.asked) == sorted([SALT, OTHER])
    assert (salts.is_invalid(SALT), salts.is_invalid(OTHER), salts.is_invalid(b"")) == (False, True, False)


async def test_a_missing_answer_says_nothing_and_is_asked_for_again() -> None:
    chain, verifier, salts = counting()
    chain.dead_salts.add(SALT)
    chain.down.add("salts")
    assert "does not answer" in await salts.ask([SALT])
    assert not salts.is_invalid(SALT)
    chain.down.clear()
    assert await salts.ask([SALT]) == ""
    assert salts.is_invalid(SALT)
    assert len(verifier.asked) == 2


async def test_a_node_that_hangs_delays_the_stop_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert salts_module.WITHIN_S <= 2
    monkeypatch.setattr(salts_module, "WITHIN_S", 0.05)
    _, verifier, salts = counting()
    verifier.hangs = True
    async with asyncio.timeout(60):
        assert "in time" in await salts.ask([SALT])
    assert not salts.is_invalid(SALT)


async def test_a_valid_salt_in_doubt_is_asked_about_again_and_an_invalidated_one_is_not() -> None:
    chain, verifier, salts = counting()
    await salts.ask([SALT])
    chain.dead_salts.add(SALT)
    for _ in range(2):
        salts.doubt([SALT, OTHER])
        await salts.ask([SALT])
    assert salts.is_invalid(SALT)
    assert len(verifier.asked) == 2


async def test_one_endpoint_alone_leaves_no_quote_out_of_the_burning() -> None:
    chain, verifier, salts = counting()
    chain.dead_salts.add(SALT)
    verifier.others.append(ChainVerifier(Chain(Clock())))
    assert await salts.ask([SALT]) == ""
    assert not salts.is_invalid(SALT)
    salts.forget()
    silent = Chain(Clock())
    silent.down.add("salts")
    verifier.others[1] = ChainVerifier(silent)
    assert await salts.ask([SALT]) == ""
    assert not salts.is_invalid(SALT)
