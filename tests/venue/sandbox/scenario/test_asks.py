"""A request on order: the answers are shown, and the taker does what it was told."""

from typing import Any

from tests.support.sandbox.maker import BTC, EURE
from tests.support.sandbox.rig import Launch, Rig

ORDER = {"asset_in": "BTC", "asset_out": "EURe", "amount_in": "0.001", "max_wait_ms": 600}


async def ask(rig: Rig, **fields: object) -> Any:
    return (await rig.control("/ask", {**ORDER, **fields})).json()


async def test_the_taker_deals_as_ordered(launch: Launch) -> None:
    # The traders run, so that the market has a price, and ask nothing themselves.
    rig = await launch(rivals=True, seed=3)
    left = await ask(rig, take="none")
    assert left["outcome"] == "left"
    amounts = [int(answer["amount_out"]) for answer in left["answers"]]
    assert amounts
    assert amounts == sorted(amounts, reverse=True)
    assert {answer["defuse_asset_identifier_in"] for answer in left["answers"]} == {BTC}
    assert (await ask(rig, worst="1000000"))["outcome"] == "too far from the price"
    taken = await ask(rig, amount_in=None, amount_out="25")
    assert taken["outcome"] == "published"

    async def settled() -> bool:
        return bool((await rig.state())["settlements"]["settled"])

    await rig.until(settled, timeout_s=30)
    fills = (await rig.state())["fills"]
    assert any(fill["diff"].get(EURE) == str(-25 * 10**18) for fill in fills)


async def test_nobody_answers_and_wrong_orders_are_refused(launch: Launch) -> None:
    rig = await launch()
    assert await ask(rig) | {"quote_id": ""} == {"quote_id": "", "answers": [], "outcome": "unanswered"}
    for wrong in ({"asset_in": "DOGE"}, {"amount_out": "1"}, {"take": "all"}, {"max_wait_ms": 0}, {"boat": 1}):
        refused = await rig.control("/ask", {**ORDER, **wrong})
        assert refused.status_code == 400
        assert refused.json()["error"]
