"""Amounts of several tokens at once."""

from collections.abc import ItemsView, Mapping


class TokenAmounts:
    """Signed base units by token id. A token that is not named has none; two that differ only in zeros are equal."""

    __slots__ = ("_units",)

    def __init__(self, units: Mapping[str, int] | None = None) -> None:
        self._units = {token_id: amount for token_id, amount in (units or {}).items() if amount}

    def __getitem__(self, token_id: str) -> int:
        return self._units.get(token_id, 0)

    def items(self) -> ItemsView[str, int]:
        """Return the tokens whose amount is not zero, with it."""
        return self._units.items()

    def as_dict(self) -> dict[str, int]:
        return dict(self._units)

    def __add__(self, other: "TokenAmounts") -> "TokenAmounts":
        units = dict(self._units)
        for token_id, amount in other._units.items():
            units[token_id] = units.get(token_id, 0) + amount
        return TokenAmounts(units)

    def __sub__(self, other: "TokenAmounts") -> "TokenAmounts":
        return self + -other

    def __neg__(self) -> "TokenAmounts":
        return TokenAmounts({token_id: -amount for token_id, amount in self._units.items()})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenAmounts) and self._units == other._units

    def __hash__(self) -> int:
        return hash(frozenset(self._units.items()))

    def __bool__(self) -> bool:
        return bool(self._units)

    def __repr__(self) -> str:
        return f"TokenAmounts({self._units})"


NOTHING = TokenAmounts()
