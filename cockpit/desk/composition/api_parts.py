"""The parts of a desk that take commands, built on those that trade and those that move money."""

from collections.abc import Callable

import httpx
import msgspec
from starlette.routing import BaseRoute

from cockpit.config.preset_file import read_presets
from cockpit.config.settings import Settings
from cockpit.desk.api.accept_remainder import AcceptRemainder
from cockpit.desk.api.acknowledge_alerts import AcknowledgeAlerts
from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.count_other_pairs import CountOtherPairs
from cockpit.desk.api.funding_routes import FundingRoutes
from cockpit.desk.api.set_pricing import SetPricing
from cockpit.desk.api.take_note import TakeNote
from cockpit.desk.composition.funding_parts import FundingParts
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.model.commands import Armable
from cockpit.model.environment import Environment


class ApiParts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What carries commands out, and the routes beside the handler's own."""

    journal: CommandJournal
    control: CommandHandler
    routes: tuple[BaseRoute, ...]


def build_api(
    settings: Settings,
    client: httpx.AsyncClient,
    trading: TradingParts,
    funding: FundingParts,
    journal: CommandJournal,
    *,
    env: Environment,
    blocked: Callable[[Armable], tuple[str, ...]],
    shutdown: Callable[[], None],
    acknowledge_alerts: Callable[[str], bool],
) -> ApiParts:
    """Build and wire the parts. ``blocked`` returns why a part may not be armed; ``shutdown`` ends the desk.

    ``acknowledge_alerts`` gets the actor, and returns whether alerts are configured.
    """

    async def refresh_reference() -> str | None:
        return "; ".join(await trading.reference.refresh(client)) or None

    async def refresh_inventory() -> str | None:
        done = await trading.inventory.sync("refresh")
        return None if done is not None else trading.inventory.last_error

    control = CommandHandler(
        journal,
        trading.arming,
        trading.limits,
        trading.trading_state,
        blocked=blocked,
        refreshers={
            "market-reference-ingest": refresh_reference,
            "inventory-sync": refresh_inventory,
            "liquidity-manager": trading.deposits.refresh,
        },
        start_hard_stop=trading.hard_stop.start,
        shutdown=shutdown,
    )
    money = FundingRoutes(
        journal,
        funding.orders,
        funding.tracking,
        funding.freeze,
        trading.deposits,
        funding.registration,
        on_registered=trading.credentials.request_read,
    )
    differences = AcceptRemainder(
        journal,
        trading.tokens,
        trading.inventory,
        max_loss=settings.remainder_max_loss_eure,
        mid=lambda: trading.reference.trusted_mid,
        withdrawals=trading.withdrawals,
        deposits=trading.deposits,
    )
    others = CountOtherPairs(journal, trading.relay)
    alerts = AcknowledgeAlerts(journal, acknowledge_alerts)
    notes = TakeNote(journal)
    pricing = SetPricing(
        journal,
        trading.pricing,
        trading.limits,
        trading.engine.kept,
        env,
        presets=lambda: read_presets(settings.presets_files),
    )
    routes = (
        *money.routes(),
        *differences.routes(),
        *others.routes(),
        *pricing.routes(),
        *alerts.routes(),
        *notes.routes(),
    )
    return ApiParts(journal=journal, control=control, routes=routes)
