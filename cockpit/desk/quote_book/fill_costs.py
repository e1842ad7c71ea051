"""What a fill cost: its edge when it was priced, less its markout a minute after it was settled."""

from decimal import Decimal
from typing import Protocol

from cockpit.desk.market.pricing import Amounts, edge_bps
from cockpit.desk.quote_book.quote import Quote
from venue.protocol.assets import PRICING
from venue.protocol.tokens import TokenTable

HORIZON_S = 60


class Costs(Protocol):
    """Who learns what fills cost."""

    def learn(self, partner: str, lost_hundredths: int, notional: int) -> None: ...


def learn_from(costs: Costs, tokens: TokenTable, quote: Quote, horizon_s: int, markout_bps: Decimal) -> None:
    """Have the costs of partners learn from a markout; only from that of a fill that the balances have confirmed."""
    commitment = quote.commitment
    if horizon_s != HORIZON_S or quote.state != "settled" or commitment.partner is None:
        return
    paid, asset = (
        (commitment.amount_out, commitment.asset_out)
        if commitment.side == "buy"
        else (commitment.amount_in, commitment.asset_in)
    )
    notional = paid * tokens.token(asset).scale
    edge = edge_bps(commitment.side, Amounts(commitment.amount_in, commitment.amount_out, notional, commitment.edge))
    if edge is not None:
        lost = PRICING.subtract(edge, markout_bps)
        costs.learn(commitment.partner, int(PRICING.scaleb(lost, 2)), notional)
