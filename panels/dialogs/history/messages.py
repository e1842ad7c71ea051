"""Texts of the history dialog."""

from cockpit.model.formatting import counted

READING = "reading…"
NOT_KNOWN = "This cockpit does not know where the history is: it was started on a socket of its own"
NOTHING_FOUND = "nothing recorded"
START = "this is the start"
PLACEHOLDER = "day:2026-11-25 run:last sell"
NO_TRACE = "this row belongs to no quote, so it has no trace"
OTHER_DAYS = "← →: day before, day after"
TABLES = "t: tables"
PAGES = "pgup pgdn: pages"
KEYS = ("enter: trace", "1-5: lists", "/: look for", "o: report of the day", "R: rewind to it", "n: older")

WITHOUT_FILTER = "f: without the panel's filter"
WITH_FILTER = "f: with the panel's filter"
FROM_NEWEST = "N: from the newest row"


def limit_reached(rows: int) -> str:
    return f"{counted(rows, 'row')} shown, the most at once; look for an earlier day to go on"


def searched(moment: str) -> str:
    return f"searched back to {moment} UTC; n goes on"
