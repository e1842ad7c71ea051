"""The executor: a decision that passed every risk check becomes a signed, reserved, written quote, in one call.

No await, no disk and no logging here: this runs between the request frame and the answer frame.
"""

from collections import Counter, deque

from cockpit.desk.market.pricing import Amounts
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.commitment import commit
from cockpit.desk.quote_book.errors import NotCoveredError
from cockpit.desk.quoting.errors import SendUncertainError
from cockpit.desk.quoting.stage_times import StageTimes
from cockpit.desk.quoting.strategy import Decision
from cockpit.model.environment import Environment
from cockpit.model.events import ExecuteTrade, SwapDemand
from venue.protocol.units import NS_PER_MS
from venue.relay.client import Relay
from venue.relay.frames import quote_frame
from venue.signing.errors import RefusedToSignError
from venue.signing.signer import SignedQuote, Signer
from venue.transport.errors import WsClosedError

BEFORE_RECORDED = "its deadline is before that of quotes that are over on record: the clock was set back"


class Executor:
    """Signs and sends. ``salt`` is the Verifier's current one; without it nothing is signed.

    ``expiry_margin_ms``: how long after its deadline a block may still settle a quote.
    """

    def __init__(
        self,
        signer: Signer,
        relay: Relay,
        book: QuoteBook,
        *,
        expiry_margin_ms: int,
        env: Environment,
    ) -> None:
        self._signer = signer
        self._relay = relay
        self._book = book
        self._expiry_margin_ns = expiry_margin_ms * NS_PER_MS
        self._monotonic_ns = env.monotonic_ns
        self.salt: bytes | None = None
        self.counters: Counter[str] = Counter()
        self.reactions_us: deque[int] = deque(maxlen=4096)
        self.times = StageTimes()
        self.last_error = ""

    def execute(
        self,
        request: SwapDemand,
        decision: Decision,
        amounts: Amounts,
        decision_id: str,
        received_ns: int,
        *,
        decided_ns: int,
    ) -> ExecuteTrade | None:
        """Sign, reserve and write the quote; None when one of the three refused, with the reason in ``last_error``.

        Raises SendUncertainError, with what went wrong as its cause, when it may have been written or not.
        ``received_ns`` and ``decided_ns`` are monotonic.
        """
        salt = self.salt
        if salt is None:
            self._refuse("the salt is unknown")
            return None
        try:
            signed = self._signer.sign_quote(
                asset_in=request.asset_in,
                amount_in=amounts.amount_in,
                asset_out=request.asset_out,
                amount_out=amounts.amount_out,
                deadline_ns=decision.deadline_ns,
                salt=salt,
            )
        except RefusedToSignError as exc:
            self._refuse(str(exc))
            return None
        if signed.deadline_ns < self._book.over_before_ns:
            # The next start would not look for it.
            self._refuse(BEFORE_RECORDED)
            return None
        signed_ns = self._monotonic_ns()
        commitment = commit(
            quote_hash=signed.quote_hash,
            quote_id=request.quote_id,
            command_id=decision_id,
            decision_id=decision_id,
            nonce=signed.nonce,
            side=decision.side,
            asset_in=request.asset_in,
            asset_out=request.asset_out,
            amount_in=amounts.amount_in,
            amount_out=amounts.amount_out,
            edge=amounts.edge,
            sent_ns=request.at_ns,
            deadline_ns=signed.deadline_ns,
            released_after_ns=signed.deadline_ns + self._expiry_margin_ns,
            request_kind=request.kind,
            partner=request.partner,
        )
        request_id = self._relay.next_id()
        frame = quote_frame(
            request_id, request, amount_in=amounts.amount_in, amount_out=amounts.amount_out, signed=signed.data
        )
        reservations = self._book.reservations
        try:
            reservations.reserve(commitment, decision.balance or 0)
        except NotCoveredError as exc:
            self._refuse(str(exc))
            return None
        try:
            self._relay.send(frame)
        except WsClosedError as exc:
            # Raised before a byte is written: the signature has not left the desk.
            reservations.release(commitment.quote_hash)
            self._refuse(str(exc))
            return None
        except Exception as exc:
            # Some of it may be on the wire: the commitment stays in the book until it has expired.
            self._book.sent(commitment, request_id)
            reaction_ns = self._monotonic_ns() - received_ns
            raise SendUncertainError(_command(request, decision, amounts, signed, decision_id, reaction_ns)) from exc
        sent_ns = self._monotonic_ns()
        reaction_ns = sent_ns - received_ns
        self._book.sent(commitment, request_id)
        self.reactions_us.append(reaction_ns // 1000)
        self.times.sign.note(signed_ns - decided_ns)
        self.times.send.note(sent_ns - signed_ns)
        self.times.total.note(reaction_ns)
        return _command(request, decision, amounts, signed, decision_id, reaction_ns)

    def _refuse(self, reason: str) -> None:
        self.counters["not_sent"] += 1
        self.last_error = reason


def _command(
    request: SwapDemand,
    decision: Decision,
    amounts: Amounts,
    signed: SignedQuote,
    decision_id: str,
    reaction_ns: int,
) -> ExecuteTrade:
    return ExecuteTrade(
        at_ns=request.at_ns,
        command_id=decision_id,
        decision_id=decision_id,
        quote_id=request.quote_id,
        quote_hash=signed.quote_hash,
        nonce=signed.nonce,
        deadline_ns=signed.deadline_ns,
        asset_in=request.asset_in,
        asset_out=request.asset_out,
        amount_in=amounts.amount_in,
        amount_out=amounts.amount_out,
        reaction_ns=reaction_ns,
        request_kind=request.kind,
        written=decision.written,
    )
