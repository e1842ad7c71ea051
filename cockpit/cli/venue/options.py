"""What the options of a venue mean: its tokens, the maker's balances and further settings."""

from decimal import Decimal, InvalidOperation

from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.sandbox.config import VenueConfig


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
            found[token.symbol] = token.to_units(Decimal(amount))
        except InvalidOperation:
            raise ValueError(f"--balance {balance}: {amount!r} is not an amount") from None
    return found


def venue_settings(settings: tuple[str, ...]) -> dict[str, str]:
    """Return ``name=value`` pairs by name. Raises ValueError for anything else, and for an unknown name."""
    pairs = [setting.split("=", 1) for setting in settings]
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(f"--set {pair[0]}: expected NAME=VALUE, such as index_after_s=1")
        if pair[0] not in VenueConfig.__struct_fields__:
            raise ValueError(f"--set {'='.join(pair)}: unknown venue setting")
    return dict(pairs)
