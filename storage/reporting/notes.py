"""Notes of operators, as the journal has them."""

from collections.abc import Iterator

import msgspec

from cockpit.model.commands import NOTE
from storage.reader import Reader, Span

_NOTES = (
    "SELECT at_ns, actor, reason FROM operator_actions WHERE command = ? AND accepted = 1 AND at_ns >= ? AND at_ns < ? "
    "ORDER BY at_ns DESC, id DESC LIMIT ?"
)


class RecordedNote(msgspec.Struct, frozen=True, kw_only=True):
    """``at_ns``: when it was taken, UTC."""

    at_ns: int
    actor: str
    text: str


def newest_notes(reader: Reader, span: Span, most: int) -> Iterator[RecordedNote]:
    """Yield at most so many notes of the span, the newest first."""
    for at_ns, actor, text in reader.rows(_NOTES, NOTE, span.from_ns, span.to_ns, most):
        yield RecordedNote(at_ns=at_ns, actor=actor, text=text)
