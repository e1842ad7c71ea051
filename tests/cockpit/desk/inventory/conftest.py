"""What tests of the inventory share."""

import pytest

from tests.support.desk.restart_world import World


@pytest.fixture
async def world() -> World:
    """A first run that has read its opening balances."""
    world = World()
    await world.start()
    await world.read()
    world.run.flush()
    return world
