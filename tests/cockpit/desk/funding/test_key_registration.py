"""Registering the signing key: nothing is sent unrecorded, and repeated commands send one transaction."""

import pytest

from cockpit.desk.funding import key_registration as registration
from tests.support.funding.funding_harness import FundingBench, both


def forget_key(bench: FundingBench, public_key: str) -> None:
    bench.venue.ledger.change_key(bench.account, public_key, add=False, tx_hash="1" * 32)


async def test_a_history_that_hangs_sends_no_registration(bench: FundingBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "DURABLE_WITHIN_S", 0.2)
    life = await bench.life(follow=False)
    forget_key(bench, life.trading.signer.public_key)
    life.history.open_gate.clear()
    done, text = await life.funding.registration.register()
    assert not done
    assert "nothing was sent" in text
    assert not bench.venue.ledger.has_public_key(bench.account, life.trading.signer.public_key)


async def test_after_a_lost_answer_the_same_bytes_are_sent_again(bench: FundingBench) -> None:
    life = await bench.life(follow=False)
    forget_key(bench, life.trading.signer.public_key)
    await bench.faults(near_send=both(mode="drop", times=1))
    done, text = await life.funding.registration.register()
    assert not done
    assert "repeat the command to send the same transaction again" in text
    done, text = await life.funding.registration.register()
    assert done, text
    assert bench.venue.ledger.has_public_key(bench.account, life.trading.signer.public_key)
    await life.writer.flush()
    actions = await life.history.liquidity("key")
    assert [action.status for action in actions] == ["prepared", "registered"]
    assert len({action.tx_hash for action in actions}) == 1


async def test_a_registered_key_is_not_registered_again(bench: FundingBench) -> None:
    life = await bench.life(follow=False)
    assert await life.funding.registration.register() == (True, "the key is registered already")
    await life.writer.flush()
    assert await life.history.liquidity("key") == ()
