"""The catalogue's SQL for each engine: its macros differ where the engines do."""

import re
from collections.abc import Callable, Mapping

Dialect = Mapping[str, Callable[..., str]]

_EPOCH = "timestamptz '1970-01-01 00:00:00+00'"
_MID = (
    "(SELECT @number(m.mid) FROM market_price_events m WHERE m.source = 'composite' AND m.at_ns <= {due} "
    "AND m.at_ns >= {due} - {slack} "
    "AND EXISTS (SELECT 1 FROM runs u WHERE u.started_ns <= {due} AND u.last_write_ns >= {due}) "
    "ORDER BY m.at_ns DESC LIMIT 1)"
)
_BPS = "ROUND({{sign}} * (g.base_amount * {mid} - g.quote_amount) / NULLIF(g.quote_amount, 0) * 10000, 2)"

_BOTH: Dialect = {
    "mid": lambda due, slack: _MID.format(due=due, slack=slack),
    "bps": lambda mid: _BPS.format(mid=mid),
}
POSTGRES: Dialect = {
    **_BOTH,
    "time": lambda ns: f"({_EPOCH} + {ns} / 1000 * interval '1 microsecond')",
    "day": lambda ns: f"(date '1970-01-01' + ({ns} / 86400000000000)::integer)",
    "hour": lambda ns: f"({_EPOCH} + {ns} / 3600000000000 * interval '1 hour')",
    # A product is exact, a quotient is not.
    "whole": lambda units, decimals: f"({units} * ('1e-' || ({decimals}))::numeric)",
    "number": lambda number: number,
    "flag": lambda flag: f"({flag} <> 0)",
    "text": lambda text, key: f"({text}::json ->> '{key}')",
}
SQLITE: Dialect = {
    **_BOTH,
    "time": lambda ns: (
        f"(strftime('%Y-%m-%d %H:%M:%S', {ns} / 1000000000, 'unixepoch') || printf('.%06d', {ns} % 1000000000 / 1000))"
    ),
    "day": lambda ns: f"date({ns} / 1000000000, 'unixepoch')",
    "hour": lambda ns: f"strftime('%Y-%m-%d %H:00:00', {ns} / 1000000000, 'unixepoch')",
    "whole": lambda units, decimals: f"(CAST({units} AS REAL) / CAST('1e' || ({decimals}) AS REAL))",
    "number": lambda number: f"CAST({number} AS REAL)",
    "flag": lambda flag: flag,
    "text": lambda text, key: f"json_extract({text}, '$.{key}')",
}

_MACRO = re.compile(r"@(\w+)\(([^()@]*(?:\([^()@]*\)[^()@]*)*)\)")
_PART = re.compile(r"\{(\w+)\}")


def expand(sql: str, parts: Mapping[str, str], dialect: Dialect) -> str:
    """Return the SQL with its parts and macros put in. Raises KeyError for one that there is not."""

    def macro(found: re.Match[str]) -> str:
        name, given = found.groups()
        return dialect[name](*(part.strip() for part in given.rsplit(",", _arguments(name) - 1)))

    def part(found: re.Match[str]) -> str:
        return parts[found[1]].strip()

    before = ""
    while sql != before:
        before, sql = sql, _MACRO.sub(macro, _PART.sub(part, sql))
    if "@" in sql or "{" in sql:
        raise ValueError(f"a macro is not closed in {sql}")
    return " ".join(sql.split())


def _arguments(name: str) -> int:
    return 2 if name in ("whole", "text", "mid") else 1
