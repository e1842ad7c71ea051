"""The report of a sandbox run: requests, quotes, fills, and whether every base unit is explained."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cockpit.accounting.percentiles import percentile
from cockpit.model.formatting import counted, readable
from cockpit.model.snapshot import Counts
from cockpit.processes.taker_results import OptionResult, TakerResult, option_line, option_result, taker_results
from cockpit.processes.taker_results import lines as by_kind
from cockpit.reports import holdings
from storage.reader import LATER_NS, Reader, Span, row_counts
from storage.reporting import differences, trading
from storage.reporting.movements import MoneyMovement, movements
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable

MIX = "takers {mix}, an assumption: nobody outside the venue knows who takes there"
FASTER = "at {speed:g} market seconds per second quotes live and settle in real seconds: P&L and markouts mean nothing"


class QuoteCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the quotes sent, each counted in one state; ``alive`` had no end on record when the desk ended."""

    sent: int
    accepted: int
    refused: int
    unknown: int
    settled: int
    expired: int
    alive: int


class AssetReconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """One asset in base units: opening + filled + deposited − withdrawn + accepted should be closing.

    Opening and closing are as the ledger itself holds it; returned withdrawals are not in ``withdrawn``.
    """

    symbol: str
    opening: str
    filled: str
    deposited: str
    withdrawn: str
    accepted: str
    closing: str
    unexplained: str

    @property
    def seen(self) -> bool:
        """Whether there was any of the asset, or anything moved."""
        return any(
            amount != "0" for amount in (self.opening, self.filled, self.deposited, self.withdrawn, self.closing)
        )


class ReactionTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Request frame in to quote frame out, microseconds; None when nothing was quoted."""

    p50_us: float | None
    p99_us: float | None
    max_us: float | None


class SandboxReport(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a run. ``explained``: no base unit is missing, and every request and fill has its decision.

    ``asked``: the venue's requests by market, price checks included. ``other_pairs``: None when the relay
    kept those requests to itself. ``requests`` counts no ``dry`` ones, which are decided too. ``mix``: who took, as the
    venue was told; ``takers``: what each kind brought; ``options``: what the options in quotes were worth and cost.
    ``speed``: market seconds per second.
    """

    seconds: float
    requests: int
    asked: Mapping[str, int]
    other_pairs: int | None
    malformed: int
    decisions: int
    reasons: Mapping[str, int]
    quotes: QuoteCounts
    fills: Mapping[str, int]
    balances: tuple[AssetReconciliation, ...]
    reaction: ReactionTimes
    rows: Mapping[str, int]
    explained: bool
    dry: int = 0
    router_legs: int = 0
    mix: str = ""
    speed: float = 1.0
    takers: tuple[TakerResult, ...] = ()
    options: OptionResult | None = None

    def as_json(self) -> str:
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    def as_text(self, tokens: TokenTable) -> str:
        counts = msgspec.structs.asdict(self.quotes)
        quotes = ", ".join(f"{'live' if name == 'alive' else name} {count}" for name, count in counts.items())
        others = "other pairs filtered" if self.other_pairs is None else f"{self.other_pairs} for other pairs"
        lines = [
            f"{counted(self.requests, 'request')} for our markets in {self.seconds:g} s ({others}), "
            f"{self.router_legs} of them router legs; {counted(self.dry, 'dry request')}; "
            f"{counted(self.decisions, 'decision')} recorded",
            "asked, price checks included: " + ", ".join(f"{name} {count}" for name, count in self.asked.items()),
            f"quotes: {quotes}",
            f"fills: {counted(self.fills['buy'], 'buy')}, {counted(self.fills['sell'], 'sell')}",
        ]
        for row in self.balances:
            token = tokens.by_symbol(row.symbol)
            if token is None or not row.seen:
                continue
            opening, closing = token.to_decimal(int(row.opening)), token.to_decimal(int(row.closing))
            lines.append(
                f"{row.symbol}: {readable(opening, row.symbol)} to {readable(closing, row.symbol)}, "
                f"{row.unexplained} base units unexplained"
            )
        reaction = self.reaction
        if reaction.p50_us is not None:
            lines.append(
                f"reaction: p50 {reaction.p50_us:g} µs, p99 {reaction.p99_us:g} µs, max {reaction.max_us:g} µs"
            )
        if self.takers:
            lines += [
                MIX.format(mix=self.mix),
                *by_kind(self.takers),
            ]
            if self.options is not None:
                lines.append(option_line(self.options))
        if self.speed != 1:
            lines.append(FASTER.format(speed=self.speed))
        lines.append("rows: " + ", ".join(f"{name} {count}" for name, count in self.rows.items()))
        return "\n".join(lines)


def account_for(
    seconds: float,
    counts: Counts,
    reader: Reader,
    tokens: TokenTable,
    *,
    opening: Mapping[str, int],
    closing: Mapping[str, int],
    asked: Mapping[str, int],
    takers: Mapping[str, Any] | None = None,
) -> SandboxReport:
    """Compare the desk's counts and history with the ledger's balances (base units by token id).

    ``takers``: what the venue knows of who took.
    """
    everything = Span(0, LATER_NS)
    counted, fills = trading.count_events(reader, everything), trading.fills(reader, everything)
    accepted = differences.accepted_differences(reader, everything)
    flows = [*movements(reader), *holdings.accepted_movements(accepted, tokens)]
    reconciled = tuple(_reconcile(token, opening, fills, flows, closing) for token in tokens.tokens)
    decisions, outcomes = sum(counted.reasons.values()), counted.outcomes
    rows = row_counts(reader)
    buys = sum(holdings.worth_moved(fill, tokens).base > 0 for fill in fills)
    p50, p99, longest = (
        None if ns is None else ns / 1000 for ns in (percentile(counted.reactions_ns, p) for p in (0.5, 0.99, 1.0))
    )
    results = () if takers is None else taker_results(reader, tokens, fills, takers)
    return SandboxReport(
        seconds=seconds,
        requests=counts.requests,
        asked=asked,
        other_pairs=None if counts.others_filtered else counts.other_pairs,
        malformed=counts.malformed,
        decisions=decisions,
        reasons=counted.reasons,
        quotes=QuoteCounts(
            sent=rows["execute_trade_commands"],
            accepted=outcomes.get("accepted", 0),
            refused=outcomes.get("refused", 0),
            unknown=outcomes.get("unknown", 0),
            settled=outcomes.get("settled", 0),
            expired=outcomes.get("expired", 0),
            alive=trading.live_quotes(reader, everything),
        ),
        fills={"buy": buys, "sell": len(fills) - buys},
        balances=reconciled,
        reaction=ReactionTimes(p50_us=p50, p99_us=p99, max_us=longest),
        rows=rows,
        dry=counts.dry,
        router_legs=counts.router_legs,
        mix="" if takers is None else takers["mix"],
        speed=1.0 if takers is None else takers["speed"],
        takers=results,
        options=option_result(reader, tokens, results) if results else None,
        explained=all(one.unexplained == "0" for one in reconciled)
        and (counts.requests, counts.dry) == (counted.requests, counted.dry)
        and counts.requests + counts.dry == decisions
        and len(fills) == outcomes.get("settled", 0)
        and all(fill.edge is not None for fill in fills),
    )


def _reconcile(
    asset: Token,
    opening: Mapping[str, int],
    fills: Sequence[trading.FillRecord],
    flows: Sequence[MoneyMovement],
    closing: Mapping[str, int],
) -> AssetReconciliation:
    token = asset.token_id
    start, end = opening.get(token, 0), closing.get(token, 0)
    filled = sum(holdings.moved(fill, token) for fill in fills)
    deposited = sum(flow.amount for flow in flows if flow.asset == token and flow.kind == "deposit")
    withdrawn = -sum(flow.amount for flow in flows if flow.asset == token and flow.kind in ("withdrawal", "returned"))
    accepted = sum(flow.amount for flow in flows if flow.asset == token and flow.kind == "accepted")
    return AssetReconciliation(
        symbol=asset.symbol,
        opening=str(start),
        filled=str(filled),
        deposited=str(deposited),
        closing=str(end),
        withdrawn=str(withdrawn),
        accepted=str(accepted),
        unexplained=str(end - start - filled - deposited + withdrawn - accepted),
    )
