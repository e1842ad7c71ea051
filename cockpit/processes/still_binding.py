"""What a desk leaves behind: quotes that can still settle, and what the next start reconciles."""

from pathlib import Path

import msgspec

from cockpit.model.errors import NOT_READABLE
from cockpit.model.formatting import counted, readable, utc_time
from cockpit.processes.readers import reader_of
from storage import queries
from storage.errors import HistoryError
from storage.history import ACCOUNTED, LOOKED_BACK_NS, RecordedQuote
from storage.open_quotes import LATEST_READING, NEVER_OVER, NOT_OVER_BY, QUOTES, cut, read_page
from storage.reader import Reader, runs
from storage.writer import UNRECORDED_WINDOW_NS
from venue.protocol.amounts import TokenAmounts
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

NO_QUOTE_RECORDED = "No recorded quote can still settle."
MAY_BE_MISSING = (
    f"Quotes signed in its last {UNRECORDED_WINDOW_NS // NS_PER_S} s may be missing from the history; "
    "the next start waits until they have expired."
)


def open_quotes(reader: Reader) -> list[RecordedQuote]:
    """Return the recorded quotes without a final outcome. Raises HistoryError."""
    latest = [*reader.rows(LATEST_READING)]
    if latest and latest[0][0] is not None:
        pages = cut([*reader.rows(NOT_OVER_BY, latest[0][0])])
    else:
        [[since_ns]] = reader.rows(queries.ACCOUNTED_NS, ACCOUNTED, LOOKED_BACK_NS)
        pages = cut([*reader.rows(NEVER_OVER, since_ns, 0)])
    return [quote for page in pages for quote in read_page(page, [*reader.rows(QUOTES, page)])]


class LeftBehind(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence each; ``clean``: the record of the last run is whole; ``matters``: not so, or quotes still bind."""

    clean: bool
    matters: bool
    sentences: tuple[str, ...]


def left_behind(place: Path | str, tokens: TokenTable, now_ns: int) -> LeftBehind:
    """Return what binds after a desk has ended, and what the next start will do about it."""
    try:
        with reader_of(place) as reader:
            quotes = open_quotes(reader)
            every = runs(reader)
            clean = bool(every) and every[-1].ended_ns is not None
            matters = bool(every) and not clean
    except (HistoryError, OSError, *NOT_READABLE) as problem:
        return LeftBehind(
            clean=False, matters=True, sentences=(f"What it recorded cannot be read: {problem}.", MAY_BE_MISSING)
        )
    live = [one for one in quotes if one.command.deadline_ns > now_ns]
    found = [_binding(live, tokens) if live else NO_QUOTE_RECORDED]
    if quotes:
        ask = counted(len(quotes), "quote without an outcome", "quotes without an outcome")
        found.append(f"The next start asks the Verifier about {ask}, and explains the balances since the last record.")
    else:
        found.append("The next start explains the balances since the last record.")
    sentences = (*found, *(() if clean else (MAY_BE_MISSING,)))
    return LeftBehind(clean=clean, matters=matters or bool(live), sentences=sentences)


def _binding(live: list[RecordedQuote], tokens: TokenTable) -> str:
    amounts = TokenAmounts()
    for one in live:
        amounts += TokenAmounts({one.command.asset_out: one.command.amount_out})
    until_ns = max(one.command.deadline_ns for one in live)
    many = counted(len(live), "recorded quote")
    given = " and ".join(_amount(tokens, token_id, units) for token_id, units in amounts.items())
    return f"{many} can still settle until {utc_time(until_ns)}, for {given}. Nothing can burn them now."


def _amount(tokens: TokenTable, token_id: str, units: int) -> str:
    token = tokens.get(token_id)
    if token is None:
        return f"{units} base units of {token_id}"
    return f"{readable(token.to_decimal(units), token.symbol)} {token.symbol}"
