"""The report of a rehearsal: what was asked, quoted and filled, and whether every base unit is explained."""

from collections.abc import Mapping

import msgspec

from cockpit.percentile import percentile
from cockpit.snapshot import Counts
from storage.summary import Summary
from venue.assets import BTC_EURE


class Quotes(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the quotes sent; ``alive`` were still before their deadline, or not proven dead, at the end."""

    sent: int
    accepted: int
    refused: int
    unknown: int
    settled: int
    expired: int
    alive: int


class AssetProof(msgspec.Struct, frozen=True, kw_only=True):
    """One asset in base units: opening + filled + deposited should be closing, as the ledger itself holds it."""

    symbol: str
    opening: str
    filled: str
    deposited: str
    closing: str
    unexplained: str


class ReactionTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Request frame in to quote frame out, microseconds; None when nothing was quoted."""

    p50_us: float | None
    p99_us: float | None
    max_us: float | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a rehearsal did. ``explained``: no base unit is missing and every request has its decision."""

    seconds: float
    requests: int
    other_pairs: int
    malformed: int
    decisions: int
    reasons: Mapping[str, int]
    quotes: Quotes
    fills: Mapping[str, int]
    balances: tuple[AssetProof, ...]
    reaction: ReactionTimes
    rows: Mapping[str, int]
    explained: bool

    def as_json(self) -> str:
        """One JSON object, indented."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    def as_text(self) -> str:
        """For a person."""
        quotes = ", ".join(f"{name} {count}" for name, count in msgspec.structs.asdict(self.quotes).items())
        lines = [
            f"{self.requests} requests for the pair in {self.seconds:g} s ({self.other_pairs} for others), "
            f"{self.decisions} decisions recorded",
            f"quotes: {quotes}",
            f"fills: {self.fills['buy']} buys, {self.fills['sell']} sells",
        ]
        for proof in self.balances:
            asset = BTC_EURE.base if proof.symbol == BTC_EURE.base.symbol else BTC_EURE.quote
            opening, closing = asset.to_decimal(int(proof.opening)), asset.to_decimal(int(proof.closing))
            lines.append(
                f"{proof.symbol}: {opening.normalize():f} to {closing.normalize():f}, "
                f"{proof.unexplained} base units unexplained"
            )
        reaction = self.reaction
        if reaction.p50_us is not None:
            lines.append(
                f"reaction: p50 {reaction.p50_us:g} µs, p99 {reaction.p99_us:g} µs, max {reaction.max_us:g} µs"
            )
        lines.append("rows: " + ", ".join(f"{name} {count}" for name, count in self.rows.items()))
        return "\n".join(lines)


def account_for(
    seconds: float,
    counts: Counts,
    alive: int,
    summary: Summary,
    opening: Mapping[str, int],
    closing: Mapping[str, int],
) -> Report:
    """Put the desk's counts and history beside the ledger's own balances (base units by token id)."""
    proofs = []
    for asset in (BTC_EURE.base, BTC_EURE.quote):
        token = asset.token_id
        filled, deposited = summary.filled.get(token, 0), summary.deposited.get(token, 0)
        unexplained = closing.get(token, 0) - opening.get(token, 0) - filled - deposited
        proofs.append(
            AssetProof(
                symbol=asset.symbol,
                opening=str(opening.get(token, 0)),
                filled=str(filled),
                deposited=str(deposited),
                closing=str(closing.get(token, 0)),
                unexplained=str(unexplained),
            )
        )
    outcomes = summary.outcomes
    reactions = summary.reactions_ns
    micros = [None if ns is None else ns / 1000 for ns in (percentile(reactions, p) for p in (0.5, 0.99, 1.0))]
    return Report(
        seconds=seconds,
        requests=counts.requests,
        other_pairs=counts.other_pairs,
        malformed=counts.malformed,
        decisions=summary.decisions,
        reasons=dict(summary.reasons),
        quotes=Quotes(
            sent=summary.rows["execute_trade_commands"],
            accepted=outcomes.get("accepted", 0),
            refused=outcomes.get("refused", 0),
            unknown=outcomes.get("unknown", 0),
            settled=outcomes.get("settled", 0),
            expired=outcomes.get("expired", 0),
            alive=alive,
        ),
        fills={"buy": summary.fills.get("buy", 0), "sell": summary.fills.get("sell", 0)},
        balances=tuple(proofs),
        reaction=ReactionTimes(p50_us=micros[0], p99_us=micros[1], max_us=micros[2]),
        rows=dict(summary.rows),
        explained=all(proof.unexplained == "0" for proof in proofs)
        and counts.requests == summary.demands == summary.decisions
        and sum(summary.fills.values()) == outcomes.get("settled", 0),
    )
