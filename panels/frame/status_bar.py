"""The status bar: what must be seen at a glance, and whether it can be trusted."""

from collections.abc import Sequence
from decimal import Decimal

from cockpit.model.commands import Part
from cockpit.model.formatting import age, counted, exact_age, milliseconds, percent, rounded, shorten, time_left, uptime
from cockpit.model.quote_texts import refused_text
from cockpit.model.snapshot import Snapshot
from panels.kit.labels import STATES, part_name, trading_reason
from panels.kit.messages import DISCONNECTED, NO_DATA, NO_LIVE_QUOTES
from panels.kit.rows.arrangement import ListClock
from panels.kit.rows.cells import Cell, Line, flow, line_width
from panels.kit.rows.text_lines import LineView
from panels.kit.theme import Role
from panels.kit.view import LATE_MS, View
from panels.views.earnings.curve import known, trend
from panels.views.earnings.curve import trading as trading_value
from panels.views.earnings.figures import money

WIDE = 110
SPARKS = 12
QUEUE_SHOWN = 1000
"""Fewer events wait for a moment only: their number would change at every look and say nothing."""
LINES = 3
"""The bar's height where it is highest."""
GAP = 2
LOSS_SHOWN = Decimal("0.5")
"""From this share of the daily loss limit on it is shown in the bar."""


def mode(snapshot: Snapshot) -> Line:
    """Sandbox or real money, in a word and a colour of its own."""
    return (Cell(f" {snapshot.mode} ", "live" if snapshot.mode == "LIVE" else "sandbox"),)


def clock(view: View) -> Line:
    """The time by the desk's clock."""
    now_ns = view.now_ns
    shown = ListClock(zone=view.zone)
    return () if now_ns is None else (Cell(f"{shown.text(now_ns)} {shown.title}", "muted"),)


def arming(view: View, snapshot: Snapshot, part: Part, armed: bool) -> Line:
    """Armed as the desk reports it; a command that no snapshot shows yet says so."""
    label = Cell(f"{part_name(part)} ", "muted")
    asked = view.asked.get(part)
    if asked:
        return (label, Cell(f"◌ {asked}", "warn"))
    if not view.trusted:
        return (label, Cell(f"? last seen {'ARMED' if armed else 'disarmed'}", "strong"))
    if armed:
        return (label, Cell("● ARMED", "good"))
    blocked = part == "trade-executor" and snapshot.executor_blocked
    return (label, Cell("○ DISARMED", "muted"), *((Cell(" blocked", "warn"),) if blocked else ()))


def reference(view: View, snapshot: Snapshot) -> Line:
    market = snapshot.market
    if market.mid is None:
        return (Cell("mid ", "muted"), Cell("unknown", "warn"))
    ms = None if market.age_ms is None else market.age_ms + view.quiet_ms
    return (
        Cell("mid ", "muted"),
        Cell(f"{rounded(market.mid, 2)} ", "strong" if market.usable else "bad"),
        Cell(exact_age(ms), "muted" if market.usable else "bad"),
    )


def tick(view: View) -> Line:
    """The age of the desk's last tick."""
    role: Role = "good" if view.tick_age_ms < LATE_MS else "warn"
    ago = "<1s" if view.tick_age_ms < 1000 else exact_age(view.tick_age_ms)
    return (Cell("desk ", "muted"), Cell(f"{'●' if role == 'good' else '◐'} {ago}", role), Cell(" ago", "muted"))


def live_quotes(view: View, snapshot: Snapshot) -> Line:
    """Live quotes, which may still be settled, and refused ones that could; with the executor disarmed also the amounts
    of the live ones."""
    refused = refused_text(snapshot.alive, snapshot.at_ns)
    return (*_live_quotes(view, snapshot), *((Cell(f", {refused}", "warn"),) if refused else ()))


def _live_quotes(view: View, snapshot: Snapshot) -> Line:
    live = snapshot.alive
    remaining = max(0, live.last_death_ms - view.quiet_ms)
    count = counted(live.quotes, "live quote")
    if not live.quotes:
        return (Cell(NO_LIVE_QUOTES, "muted"),)
    if snapshot.executor_armed:
        return (Cell(count, "accent"), Cell(f" ({time_left(remaining)} left)", "muted"))
    amounts = " + ".join(
        f"{rounded(amount, places)} {symbol}"
        for amount, places, symbol in ((live.btc, 5, "BTC"), (live.eure, 2, "EURe"))
        if amount
    )
    return (Cell(f"◆ {count} still binding for {time_left(remaining)} ({amounts})", "warn"),)


def history(snapshot: Snapshot) -> Line:
    """Whether history is being written, and how many events wait where these are many."""
    text, role = STATES[snapshot.history]
    queue = snapshot.history_queue
    waiting = (Cell(f" queue {queue:,}", "warn"),) if queue >= QUEUE_SHOWN else ()
    return (Cell("history ", "muted"), Cell(text, role), *waiting)


def relay(snapshot: Snapshot) -> Line:
    """Whether requests can come in and quotes go out."""
    text, role = STATES[snapshot.relay]
    return (Cell("relay ", "muted"), Cell(text, role))


def withdrawals(view: View, snapshot: Snapshot) -> Line:
    """Frozen or open withdrawals; open is shown like an alarm, with the time left."""
    if snapshot.withdrawals_frozen:
        return (Cell("withdrawals frozen", "muted"),)
    remaining = snapshot.freeze_left_ms
    until = "until frozen" if remaining is None else time_left(max(0, remaining - view.quiet_ms))
    return (Cell(f" WITHDRAWALS OPEN {until} ", "alarm"),)


def unexplained_difference(snapshot: Snapshot) -> tuple[Line, ...]:
    """The unexplained difference of each asset; nothing while every base unit is explained.

    A balance and the movement that explains it arrive apart: it is an alarm only once the interlock has failed.
    """
    proven = snapshot.reconciled
    text = "reconciling" if proven else "UNEXPLAINED"
    return tuple(
        (Cell(f" {text} {row.unexplained.normalize():+f} {row.symbol} ", "muted" if proven else "alarm"),)
        for row in snapshot.inventory.rows
        if row.unexplained
    )


def hard_stop(snapshot: Snapshot) -> tuple[Line, ...]:
    """The progress of a hard stop, while there is something left to burn."""
    stop = snapshot.hard_stop
    if stop is None or not stop.left:
        return ()
    return ((Cell(f" BURNING {stop.left} of {stop.asked} ", "alarm"),),)


def trading(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """The trading state and its reason, unless it is ACTIVE."""
    if snapshot.trading == "ACTIVE":
        return ()
    role: Role = "alarm" if snapshot.trading == "HALTED" else "warn"
    room = max(16, min(60, width - 30))  # So much that it stays beside the mode, and pushes nothing out of the bar.
    return ((Cell(f" {snapshot.trading} ", role), Cell(f" {shorten(trading_reason(snapshot), room)}", "muted")),)


def no_operator(view: View, snapshot: Snapshot) -> tuple[Line, ...]:
    """The dead man's switch: what it does and when, or that this desk runs unattended."""
    does = {"disarm": "disarms", "stop": "hard stop", "keep": "keeps running"}[snapshot.when_alone]
    why = (("NO OPERATOR", snapshot.alone_left_ms), ("NO KEY", snapshot.idle_left_ms))
    alarms = tuple(
        (Cell(f" {what}: {does} in {time_left(max(0, left_ms - view.quiet_ms))} ", "alarm"),)
        for what, left_ms in why
        if left_ms is not None
    )
    if not alarms and snapshot.when_alone == "keep":
        return ((Cell("runs unattended", "warn"),),)
    return alarms[:1]


def fills(view: View, snapshot: Snapshot) -> tuple[Line, ...]:
    """How many quotes were settled, and how long ago the last one; nothing before the first."""
    if not snapshot.counts.settled:
        return ()
    count = (Cell("fills ", "muted"), Cell(f"{snapshot.counts.settled:,}"))
    if not snapshot.executions:
        return (count,)
    return ((*count, Cell(f", last {age(snapshot.executions[0].age_ms + view.quiet_ms)} ago", "muted")),)


def operator(view: View, snapshot: Snapshot) -> tuple[Line, ...]:
    """How long ago somebody pressed a key or commanded, while the desk quotes under an operator's eyes."""
    if not snapshot.executor_armed or not snapshot.operators or snapshot.sign_age_ms is None:
        return ()
    ms = snapshot.sign_age_ms + view.quiet_ms
    who = "operator" if snapshot.operators == 1 else counted(snapshot.operators, "operator")
    return ((Cell(f"{who}: ", "muted"), Cell("key just now" if ms < 60_000 else f"key {uptime(ms)} ago")),)


def earnings(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """Today's trading P&L and how it came to be, this run's where there is room, and the daily loss limit once it is
    near."""
    state = snapshot.earnings
    if state is None:
        return ()
    span, name = (state.run, "run") if state.today is None else (state.today, "today")
    cells = [Cell("P&L ", "muted"), money(span.trading), Cell(f" {name}", "muted")]
    if width >= WIDE and span is not state.run:
        cells += [Cell(" · ", "muted"), money(state.run.trading), Cell(" run", "muted")]
    drawn = trend([value for _, value in known(state.curve, trading_value)], SPARKS if width >= WIDE else 0)
    cells.append(Cell(f" {drawn}" if drawn else "", "accent"))
    used = state.loss / snapshot.limits.max_loss_per_day_eure
    if used >= LOSS_SHOWN:
        cells.append(Cell(f" {percent(used, 0)} % of the loss limit", "bad" if used >= 1 else "warn"))
    return (tuple(cells),)


def connection_alarm(view: View) -> Line | None:
    """What is wrong with the connection to the desk; None while it is fine."""
    if view.start_problem:
        return (Cell(f" THE DESK DID NOT START: {view.start_problem} ", "alarm"),)
    if view.snapshot is None or not view.silent:
        return None
    return (Cell(f" ✗ {lost_connection(view)} for {exact_age(view.tick_age_ms)} ", "alarm"),)


def lost_connection(view: View) -> str:
    """Name what is wrong with a connection that brings no new data."""
    return DISCONNECTED if view.link_lost else NO_DATA


def status(view: View, width: int) -> list[Line]:
    """Return the bar's lines at ``width`` cells, the most important first."""
    trouble = connection_alarm(view)
    snapshot = view.snapshot
    if snapshot is None:
        return [trouble or (Cell("◌ ", "accent"), Cell("connecting to the desk…", "text"))]
    if trouble:
        known = (_loud(group) for group in _last_known(view, snapshot))
        return with_clock([mode(snapshot), trouble, *known], _loud(clock(view)), width)
    groups: list[Line] = [
        mode(snapshot),
        *(((Cell(" READ-ONLY ", "strong"),),) if view.read_only else ()),
        *hard_stop(snapshot),
        *unexplained_difference(snapshot),
        *trading(snapshot, width),
        *no_operator(view, snapshot),
        *(() if snapshot.withdrawals_frozen else (withdrawals(view, snapshot),)),
        (Cell(shorten(snapshot.account, 28)),),
        arming(view, snapshot, "strategy-engine", snapshot.strategy_armed),
        arming(view, snapshot, "trade-executor", snapshot.executor_armed),
        reference(view, snapshot),
        live_quotes(view, snapshot),
        *(earnings(snapshot, width) if width >= WIDE else ()),
        relay(snapshot),
        history(snapshot),
        tick(view),
        *(earnings(snapshot, width) if width < WIDE else ()),
    ]
    if snapshot.withdrawals_frozen:
        groups.append(withdrawals(view, snapshot))
    groups += operator(view, snapshot)
    groups += fills(view, snapshot)
    if snapshot.reaction.p50_us is not None:
        groups.append(
            (
                Cell("reaction p50 ", "muted"),
                Cell(milliseconds(snapshot.reaction.p50_us)),
                Cell(" p99 ", "muted"),
                Cell(milliseconds(snapshot.reaction.p99_us)),
            )
        )
    return with_clock(groups, clock(view), width)


def with_clock(groups: Sequence[Line], time: Line, width: int) -> list[Line]:
    """Put the groups into lines, and the time at the right end of the first that has room; without one early on."""
    lines = flow(groups, width)
    brief = tuple(Cell(cell.text.replace(" UTC", "Z").replace(" local", ""), cell.role) for cell in time)
    for written in (time, brief):
        for number, line in enumerate(lines[:LINES]):
            room = width - line_width(line) - line_width(written)
            if room >= GAP:
                lines[number] = (*line, Cell(" " * room), *written)
                return lines
    return flow([groups[0], time, *groups[1:]], width)


def _last_known(view: View, snapshot: Snapshot) -> list[Line]:
    return [
        (Cell(shorten(snapshot.account, 28)),),
        arming(view, snapshot, "strategy-engine", snapshot.strategy_armed),
        arming(view, snapshot, "trade-executor", snapshot.executor_armed),
        live_quotes(view, snapshot),
        *(() if snapshot.withdrawals_frozen else ((Cell("? withdrawals last seen OPEN", "loud"),),)),
    ]


def _loud(line: Line) -> Line:
    # On the red of an alarm only white can be read, and nothing may look fine.
    return tuple(Cell(cell.text, "loud") for cell in line)


class StatusBar(LineView):
    """Stays live over frozen panels and dialogs; red when the data cannot be trusted."""

    def paint(self, view: View) -> None:
        self.set_class(bool(view.start_problem) or (view.snapshot is not None and view.silent), "-alarm")
        self.set_class(view.snapshot is not None and view.snapshot.mode == "LIVE", "-live")
        self.show(status(view, self.size.width))
