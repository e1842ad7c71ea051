"""Every page of the quotes that a start takes over."""

from storage.history import History, RecordedQuote


async def every_open_quote(history: History) -> tuple[RecordedQuote, ...]:
    return tuple([quote async for page in history.open_quotes() for quote in page])
