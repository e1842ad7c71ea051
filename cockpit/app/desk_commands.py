"""The commands that dialogs and keys send, in the background: the app never waits for the desk."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import copy_context
from functools import partial
from typing import Any

import msgspec

from cockpit.app.arming import ArmingCommands, worst_of
from cockpit.app.terminal.driver import NonBlockingApp
from cockpit.app.withdrawals import WithdrawalSubmission
from cockpit.client.desk_client import DeskClient, Outcome, Previewed, Reviewed, UnknownOutcome
from cockpit.model.commands import REFRESHABLE, Part, WithdrawalOrder, WithdrawalReview
from cockpit.model.pricing.pricing_set import PricingTerms
from cockpit.model.snapshot import Trading
from panels.dialogs.desk_port import Answer
from panels.dialogs.funds.address_book import AddressBook
from panels.dialogs.outcome import describe
from panels.frame.message_line import Said, Sentences
from panels.kit.view import View

SHOW_DONE_S = 4
REFRESHED = "Prices, balances and deposits are being read again."
SHOW_FAILED_S = 12


class DeskCommands:
    """Implements ``panels.dialogs.desk_port.DeskPort``. An outcome that no dialog takes is shown as a toast."""

    def __init__(
        self,
        app: NonBlockingApp[Any],
        client: DeskClient,
        *,
        view: Callable[[], View],
        clock: Callable[[], float],
        new_key: Callable[[], str],
        sentences: Sentences,
        address_book: AddressBook,
    ) -> None:
        self._app = app
        self._client = client
        self._view = view
        self._sentences = sentences
        self.clock = clock
        self.new_key = new_key
        self.address_book = address_book
        self.arming = ArmingCommands(client, self.run, self.report, lambda: view().snapshot)
        self.withdrawals = WithdrawalSubmission(client)
        self._context = copy_context()

    def begin(self) -> None:
        """Run commands in the context of the caller, which is the app, from now on."""
        self._context = copy_context()

    @property
    def view(self) -> View:
        return self._view()

    @property
    def picture_is_stale(self) -> bool:
        return self._app.picture_is_stale

    @property
    def said(self) -> Said | None:
        return self._sentences.shown

    def arm(self, part: Part, command_id: str, answer: Answer) -> str:
        return self.arming.arm(part, command_id, answer)

    def disarm_to_stop(self, command_id: str, answer: Answer) -> str:
        return self.arming.disarm_to_stop(command_id, answer)

    def hard_stop(self, command_id: str, answer: Answer) -> str:
        return self._send(self._client.hard_stop, command_id, answer)

    def set_limits(self, changes: Mapping[str, object], command_id: str, answer: Answer) -> str:
        return self._send(partial(self._client.limits, changes), command_id, answer)

    def set_pricing(self, changes: Mapping[str, object], command_id: str, answer: Answer) -> str:
        return self._send(partial(self._client.pricing, changes), command_id, answer)

    def preview_pricing(self, changes: Mapping[str, object], answer: Callable[[Previewed], None]) -> None:
        async def preview() -> None:
            answer(await self._client.preview_pricing(changes))

        self.run(preview())

    def pricing_terms(self, answer: Callable[[PricingTerms], None]) -> None:
        async def ask() -> None:
            terms = await self._client.pricing_terms()
            if isinstance(terms, PricingTerms):
                answer(terms)

        self.run(ask())

    def set_trading(self, state: Trading, reason: str, command_id: str, answer: Answer) -> str:
        return self._send(partial(self._client.trading, state, reason), command_id, answer)

    def note(self, text: str, command_id: str, answer: Answer) -> str:
        return self._send(partial(self._client.note, text), command_id, answer)

    def freeze(self, frozen: bool, command_id: str, answer: Answer) -> str:
        return self._send(partial(self._client.freeze, frozen), command_id, answer)

    def track(self, order: WithdrawalOrder, near_hash: str, command_id: str, answer: Answer) -> str:
        return self._send(partial(self._client.track, order, near_hash), command_id, answer)

    def untrack(self, near_hash: str, command_id: str, answer: Answer) -> str:
        return self._send(partial(self._client.untrack, near_hash), command_id, answer)

    def notify_deposit(self, asset_id: str, tx_hash: str, command_id: str, answer: Answer) -> str:
        return self._send(partial(self._client.notify_deposit, asset_id, tx_hash), command_id, answer)

    def register_key(self, command_id: str, answer: Answer) -> str:
        return self._send(self._client.register_key, command_id, answer)

    def review(self, order: WithdrawalOrder, answer: Callable[[Reviewed], None]) -> None:
        async def review() -> None:
            answer(await self._client.review(order))

        self.run(review())

    def withdraw(self, order: WithdrawalOrder, review: WithdrawalReview, answer: Answer) -> None:
        self._answer_later(self.withdrawals.submit(order, review), answer)

    def resolve(self, order: WithdrawalOrder) -> None:
        self.withdrawals.resolve(order)

    def freeze_withdrawals(self) -> None:
        """Freeze without asking."""
        self.freeze(True, "", lambda _outcome: False)

    def acknowledge_alerts(self) -> None:
        """Keep alerts from escalating."""
        self._answer_later(self._client.acknowledge_alerts(), lambda _outcome: False)

    def refresh(self) -> None:
        """Have the desk read reference, balances and deposits again."""
        self.run(self._refresh())

    async def _refresh(self) -> None:
        outcomes = await asyncio.gather(*(self._client.send(part, "refresh") for part in REFRESHABLE))
        worst = worst_of(outcomes)
        if isinstance(worst, UnknownOutcome) or not worst.accepted:
            self.report(worst)
        else:
            self.report(msgspec.structs.replace(worst, reason=REFRESHED))

    def run(self, work: Coroutine[object, object, None]) -> None:
        """Run it in the background; the app reports a failure."""
        # In the app's own context: a connection that this opens would keep the dialog that stands in its context.
        start = partial(self._app.run_worker, work, group="commands", exit_on_error=False)
        self._context.copy().run(start)

    def report(self, outcome: Outcome) -> None:
        """Show an outcome that no dialog shows."""
        message = describe(outcome)
        seconds = SHOW_DONE_S if message.done else SHOW_FAILED_S
        self._app.notify(message.text, severity=message.severity, timeout=seconds, markup=False)

    def _send(self, command: Callable[..., Awaitable[Outcome]], command_id: str, answer: Answer) -> str:
        command_id = command_id or self._client.new_id()
        self._answer_later(command(command_id=command_id), answer)
        return command_id

    def _answer_later(self, command: Awaitable[Outcome], answer: Answer) -> None:
        async def wait() -> None:
            outcome = await command
            if not answer(outcome):
                self.report(outcome)

        self.run(wait())
