"""What the options of a venue mean: its tokens and the maker's balances."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from venue.protocol.assets import Token
from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.sandbox.mixes import TODAY
from venue.sandbox.pairs import find_pairs, tokens_of

MOST_DIGITS = 18


def tokens_of_file(markets: str | None) -> TokenTable:
    """Return the tokens to play. Raises ValueError for a file that cannot be used, or that is for another stage."""
    if markets is None:
        return DEFAULT_TOKENS
    from cockpit.config.markets import load_markets

    loaded, problems = load_markets(markets, {}, "")
    if problems:
        raise ValueError("; ".join(problems))
    if not loaded.stage.built_in:
        raise ValueError(f"{markets}: [stage] names real services; a sandbox plays its own, remove the section")
    return loaded.tokens


def flow_settings(rivals: str | None, *, no_rivals: bool, dry: float | None, takers: str | None) -> dict[str, object]:
    """Return the settings of rivals and price checks. Raises ValueError for options that contradict each other."""
    found: dict[str, object] = {}
    if no_rivals and rivals not in (None, "none"):
        raise ValueError(f"--no-rivals and --rivals {rivals} contradict each other")
    if no_rivals or rivals == "none":
        found["rivals"] = False
    elif rivals is not None:
        found["rival_set"] = rivals
    if dry is not None:
        # Today's takers make price checks of their own; in any other mix it is the probes who do.
        found["dry" if takers in (None, TODAY) else "dry_probes"] = dry
    return found


def held_tokens(tokens: TokenTable, pairs: Iterable[str]) -> tuple[Token, ...]:
    """Return the tokens of the table and of the pairs of these names."""
    return *tokens.tokens, *tokens_of(find_pairs(pairs))


def opening_balances(balances: tuple[str, ...], tokens: Iterable[Token]) -> dict[str, int]:
    """Return ``SYMBOL=AMOUNT`` pairs in base units, by symbol. Raises ValueError for anything else."""
    known = {token.symbol.lower(): token for token in tokens}
    found = {}
    for balance in balances:
        symbol, _, amount = balance.partition("=")
        token = known.get(symbol.lower())
        if token is None:
            raise ValueError(f"--balance {balance}: expected SYMBOL=AMOUNT with a token of the venue, such as BTC=0.2")
        try:
            whole = Decimal(amount)
        except InvalidOperation:
            raise ValueError(f"--balance {balance}: {amount!r} is not an amount") from None
        # Before it is written out: a few characters can name a number that fills the memory.
        if not whole.is_finite() or whole < 0 or whole.adjusted() > MOST_DIGITS:
            raise ValueError(f"--balance {balance}: expected 0 to 10^{MOST_DIGITS} {token.symbol}")
        found[token.symbol] = token.to_units(whole)
    return found
