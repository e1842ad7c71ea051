"""A report of nothing, to be filled in by a test."""

from decimal import Decimal

from cockpit.reports.figures import Fees, TradingReport


def empty_report() -> TradingReport:
    nothing = Decimal(0)
    return TradingReport(
        from_ns=0,
        to_ns=1,
        runs=0,
        accounts=(),
        modes=(),
        demands=0,
        decisions=0,
        sent=0,
        outcomes={},
        win_rate=None,
        market_share=None,
        others_settled=0,
        not_quoted=(),
        failing=(),
        failing_of=0,
        sides=(),
        fees=Fees(pips=1, protocol_btc=nothing, protocol_eure=nothing, bridge_btc=nothing, bridge_eure=nothing),
        inventory=(),
        accepted=(),
        profit=None,
        profit_unknown="",
        reaction_us=(None, None, None),
        markouts=(),
        fills=(),
    )
