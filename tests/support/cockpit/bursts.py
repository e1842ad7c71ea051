"""Keys that come in one piece, as over a slow link: none waits for what the one before did."""

from textual import events

from tests.support.cockpit.driven import Driven

NAMED = {".": "full_stop", "?": "question_mark", "/": "slash", " ": "space"}


def burst(driven: Driven, *keys: str | events.Paste) -> None:
    """Send keys and pastes as a terminal does that has them all at once."""
    for key in keys:
        if isinstance(key, events.Paste):
            driven.app.post_message(key)
        else:
            driven.app.post_message(events.Key(NAMED.get(key, key), key if len(key) == 1 else None))
