"""An order without a known outcome survives the cockpit that made it, and is only sent again under its own key."""

import os
from pathlib import Path

import pytest

from cockpit.app.pending_orders import MAX_BYTES, LeftOrders, PendingOrder, PendingOrders
from cockpit.client.desk_client import DeskClient
from cockpit.model.commands import WithdrawalOrder
from panels.dialogs import messages
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen
from tests.support.cockpit.withdrawing import ordered, to_confirm


def kept(key: str = "key-1") -> PendingOrder:
    order = WithdrawalOrder(asset_id="BTC", amount="1000000", idempotency_key=key)
    return PendingOrder(order, samples.review())


def test_what_is_kept_is_read_back_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    orders = PendingOrders(tmp_path / "orders")
    orders.keep(kept("a"))
    orders.keep(kept("b"))
    assert [item.order.idempotency_key for item in orders.left().orders] == ["a", "b"]
    files = list((tmp_path / "orders").iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "orders").stat().st_mode & 0o777 == 0o700
    (tmp_path / "orders" / "torn.json").write_bytes(b"{")
    orders.drop("a")
    assert not orders.holds("a")
    assert orders.left().orders == (kept("b"),)
    (unread,) = orders.left().unreadable
    assert unread.path == tmp_path / "orders" / "torn.json"
    assert "truncated" in unread.reason


async def test_the_next_cockpit_offers_it_and_sends_it_under_the_same_key(desk: FakeDesk) -> None:
    desk.current = samples.open_for_withdrawals()
    desk.answering = lambda part, verb, body: None if verb == "withdraw" else desk.accept(part, verb, body)
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "1", timeout_s=5, slow_timeout_s=5)
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await ordered(driven)
        await driven.shows(messages.order_sent("key-1"))
        await seen(driven.pilot, lambda: len(desk.bodies("withdraw")) == 1)
    desk.answering = desk.accept
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "2", timeout_s=5, slow_timeout_s=5)
    async with cockpit(link, NARROW) as driven:
        await driven.shows("key-1", "no known outcome")
        await driven.press("w")
        await driven.opens("Confirm the withdrawal", messages.OUTCOME_UNKNOWN, "key-1")
        await driven.press("tab", "enter")
        assert len(desk.bodies("withdraw")) == 1
        await driven.press("space")
        await driven.shows("Accepted")
        await driven.press("enter", "w")
        await driven.opens("Review…")
    assert [body["idempotency_key"] for body in desk.bodies("withdraw")] == ["key-1", "key-1"]
    assert PendingOrders(desk.path.parent / "orders").left() == LeftOrders()


async def test_an_order_whose_outcome_another_cockpit_learnt_is_not_offered(desk: FakeDesk, link: DeskClient) -> None:
    orders = PendingOrders(desk.path.parent / "orders")
    orders.keep(kept())
    async with cockpit(link, NARROW) as driven:
        await driven.shows("has no known outcome")
        orders.drop("key-1")
        await driven.press("w")
        await driven.opens("Review…")


async def test_an_order_that_cannot_be_read_is_a_fault_and_stays_where_it_is(desk: FakeDesk, link: DeskClient) -> None:
    torn = desk.path.parent / "orders" / "torn.json"
    torn.parent.mkdir()
    torn.write_bytes(b'{"order":')
    async with cockpit(link) as driven:
        await driven.shows("! FAULT", "Order file torn.json cannot be read (Input data was truncated)")
        await driven.press("9", "slash", *"torn", "enter", "enter")
        await driven.opens("no known outcome", "before you order again", "you move it away")
        await driven.press("escape")
        await driven.press("a")
        await driven.hides("! FAULT")
        await driven.press("w")
        await driven.opens("Review…", "Order file torn.json cannot be read")
    assert torn.read_bytes() == b'{"order":'


async def test_an_order_that_cannot_be_read_hides_no_other(desk: FakeDesk, link: DeskClient) -> None:
    orders = PendingOrders(desk.path.parent / "orders")
    orders.keep(kept())
    (desk.path.parent / "orders" / "a.json").mkdir()
    async with cockpit(link) as driven:
        await driven.shows("key-1", "no known outcome", "Order file a.json cannot be read")


async def test_what_cannot_be_kept_is_not_sent(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.open_for_withdrawals()
    (desk.path.parent / "orders").write_bytes(b"a file where a directory should be")
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await ordered(driven)
        await driven.shows(messages.ORDER_NOT_SENT, "could not be saved to disk")
    assert desk.bodies("withdraw") == []


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b'{"order":' * 50_000, b'{"order":"\xff"}', b'{"x":' + b"[" * 5_000, b" " * (MAX_BYTES + 1)],
    ids=["empty", "no-text", "deep", "no-utf8", "deep-inside", "large"],
)
def test_a_file_that_cannot_be_read_is_shown_and_never_ends_the_cockpit(tmp_path: Path, content: bytes) -> None:
    orders = PendingOrders(tmp_path / "orders")
    orders.keep(kept("a"))
    (tmp_path / "orders" / "bad.json").write_bytes(content)
    os.mkfifo(tmp_path / "orders" / "pipe.json")
    left = orders.left()
    assert left.orders == (kept("a"),)
    assert {one.path.name for one in left.unreadable} == {"bad.json", "pipe.json"}
