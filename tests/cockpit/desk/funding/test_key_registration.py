"""Registering the signing key: nothing goes out unrecorded, and one transaction serves every press."""

import pytest

from cockpit.desk.funding import key_registration as registration
from tests.support.funding.funding_harness import Bench, both


def forget_key(bench: Bench, public_key: str) -> None:
    bench.venue.ledger.change_key(bench.account, public_key, add=False, tx_hash="1" * 32)


async def test_a_history_that_hangs_sends_no_registration(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "DURABLE_WITHIN_S", 0.2)
    life = await bench.life(follow=False)
    forget_key(bench, life.workers.signer.public_key)
    life.history.open_gate.clear()
    done, told = await life.outflow.registration.register()
    assert not done
    assert "nothing was sent" in told
    assert not bench.venue.ledger.has_public_key(bench.account, life.workers.signer.public_key)


async def test_an_answer_that_was_lost_is_followed_by_the_same_bytes(bench: Bench) -> None:
    life = await bench.life(follow=False)
    forget_key(bench, life.workers.signer.public_key)
    await bench.faults(near_send=both(mode="drop", times=1))
    done, told = await life.outflow.registration.register()
    assert not done
    assert "ask again, the same transaction is sent" in told
    done, told = await life.outflow.registration.register()
    assert done, told
    assert bench.venue.ledger.has_public_key(bench.account, life.workers.signer.public_key)
    await life.writer.flush()
    actions = await life.history.liquidity("key")
    assert [action.status for action in actions] == ["prepared", "registered"]
    assert len({action.tx_hash for action in actions}) == 1


async def test_a_press_too_many_does_nothing(bench: Bench) -> None:
    life = await bench.life(follow=False)
    assert await life.outflow.registration.register() == (True, "the key is registered")
    await life.writer.flush()
    assert await life.history.liquidity("key") == ()
