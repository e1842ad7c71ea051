"""What was earned, as a cockpit shows it."""

from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.quoting.desk_view import DeskView
from cockpit.model.trading_figures.earnings import EarningsState


def earnings_state(trading: TradingParts, view: DeskView, monotonic_ns: int) -> EarningsState:
    """Return the figures of now. ``monotonic_ns``: of the clock by which the view counts quotes of the last second."""
    meter, state, tokens = trading.earnings, trading.trading_state, trading.tokens
    return EarningsState(
        today=meter.today(),
        run=meter.run(),
        mid=None if meter.mid is None else meter.mid.mid,
        mid_at_ns=0 if meter.mid is None else meter.mid.at_ns,
        loss=tokens.quote.to_decimal(state.loss),
        loss_from_ns=state.journalled.loss_from_ns,
        fills_in_hour=state.fills_in_hour,
        quotes_in_second=view.quotes_in_second,
        largest_quote=tokens.quote.to_decimal(trading.engine.largest_quote(monotonic_ns)),
        curve=meter.curve(),
        note=meter.note,
    )
