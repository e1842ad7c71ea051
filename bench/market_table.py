"""Markets beside the built-in ones, as the file that a desk, a venue and the sender read alike."""

from pathlib import Path

from cockpit.config.market_file import parse
from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable

BASES, QUOTES = 10, 2
"""Tokens of each underlying, the built-in ones among them: twenty markets."""


def markets_toml(bases: int = BASES, quotes: int = QUOTES) -> str:
    """Return a markets.toml with every market of so many tokens of the two underlyings."""
    table = DEFAULT_TOKENS
    symbols = []
    rows = []
    for underlying, chain, decimals, count in (
        (table.base, "btc:mainnet", 8, bases),
        (table.quote, "eth:100", 18, quotes),
    ):
        known = [token.symbol for token in table.of(underlying)]
        more = [f"{underlying.name}{number}" for number in range(count - len(known))]
        symbols.append((*known, *more))
        rows += [
            f'[[tokens]]\nsymbol = "{symbol}"\nnear_token = "bench-{symbol.lower()}.omft.near"\n'
            f'underlying = "{underlying.name}"\ndecimals = {decimals}\nchain = "{chain}"\nbridge = "poa"\n'
            for symbol in more
        ]
    rows += [f'[[markets]]\nbase = "{base}"\nquote = "{quote}"\n' for base in symbols[0] for quote in symbols[1]]
    return "\n".join(rows)


def tokens_in(path: str) -> TokenTable:
    """Return the table of this file; the built-in one without a file. Raises ValueError for one that has mistakes."""
    if not path:
        return DEFAULT_TOKENS
    tokens, _, problems = parse(Path(path).read_text("utf-8"))
    if tokens is None:
        raise ValueError("; ".join(problems))
    return tokens
