"""What the exchanges' REST has in common: a question by path and query, and how numbers are read from it."""

from collections.abc import Callable, Mapping

import msgspec

_MOST_DIGITS = 20


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A GET request: the variable parts of its path and its query, by name."""

    path: Mapping[str, str] = {}
    query: Mapping[str, str] = {}

    def whole(self, name: str, *, least: int, most: int, usual: int) -> int | None:
        """Return a whole number of the query, held to the range; None when it is none."""
        given = self.query.get(name)
        if given is None:
            return usual
        if not given.isascii() or not given.isdigit() or len(given) > _MOST_DIGITS:
            return None
        return min(max(int(given), least), most)


class RestAnswer(msgspec.Struct, frozen=True, kw_only=True):
    body: object
    status: int = 200


Routes = Mapping[str, Callable[[Asked], RestAnswer]]
"""By path, in the form that Starlette reads."""
