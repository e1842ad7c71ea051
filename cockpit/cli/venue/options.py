"""What the options of a venue mean: its tokens and the maker's balances."""

from decimal import Decimal, InvalidOperation

from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable

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


def opening_balances(balances: tuple[str, ...], tokens: TokenTable) -> dict[str, int]:
    """Return ``SYMBOL=AMOUNT`` pairs in base units, by symbol. Raises ValueError for anything else."""
    found = {}
    for balance in balances:
        symbol, _, amount = balance.partition("=")
        token = tokens.by_symbol(symbol)
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
