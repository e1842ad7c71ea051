"""What a quote book must not keep once every quote in it has ended."""

from collections import Counter

from cockpit.desk.quote_book.book import QuoteBook


def leftovers(book: QuoteBook) -> dict[str, object]:
    """Return what the book still holds apart from its counters and the rows of the screen."""
    held = vars(book) | {"awaited": book._awaited.by_request}
    return {
        name: value
        for name, value in held.items()
        if isinstance(value, dict | list) and not isinstance(value, Counter) and value
    }
