"""Which recorded answer belongs to a call: by its content, by its request, or by its method, each in order."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from venue.sandbox.recording.masks import masked

Answer = TypeVar("Answer")
_RAW = msgspec.json.Decoder(dict[str, msgspec.Raw])


def as_call(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object, None for anything else."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def keys_of(place: Sequence[str], content: bytes) -> tuple[str, ...]:
    """Return by what a call is known, the narrowest first. ``place``: the endpoint and what else must be the same."""
    head = "\n".join(place)
    hidden = masked(content)
    call = as_call(hidden)
    if call is None:
        return f"{head}\n={hidden!r}", head
    body = {name: value for name, value in call.items() if name != "id"}
    method = " ".join(_names(body))
    found = [f"{head}\n={json.dumps(body, sort_keys=True)}"]
    quote_id = _first(body.get("params")).get("quote_id")
    if isinstance(quote_id, str):
        found.append(f"{head}\n{method}\n{quote_id}")
    return (*found, f"{head}\n{method}")


def with_id(answer: bytes, call: bytes) -> bytes:
    """Return the answer with the id of this call, where both are JSON objects that have one."""
    asked = as_call(call)
    try:
        found = _RAW.decode(answer)
    except (ValueError, RecursionError):
        return answer
    if asked is None or "id" not in asked or "id" not in found:
        return answer
    return msgspec.json.encode(found | {"id": msgspec.Raw(json.dumps(asked["id"]).encode())})


class Sequences(Generic[Answer]):
    """Answers in the order of their recording under each key; the last of a key is given again and again."""

    def __init__(self) -> None:
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self._given: dict[str, int] = defaultdict(int)

    def add(self, keys: Sequence[str], answer: Answer) -> None:
        for key in keys:
            self._answers[key].append(answer)

    def next(self, keys: Sequence[str]) -> Answer | None:
        """Return the next answer under the narrowest key that was recorded, None where none was."""
        for key in keys:
            answers = self._answers.get(key)
            if answers:
                given = self._given[key]
                self._given[key] = given + 1
                return answers[min(given, len(answers) - 1)]
        return None


def _names(body: dict[str, Any]) -> Iterator[str]:
    """Yield what a call wants: its method, and the view that a query names or the topic that is subscribed to."""
    for name in ("method", "type", "event"):
        if isinstance(body.get(name), str):
            yield body[name]
    params = body.get("params")
    if isinstance(params, list) and params and isinstance(params[0], str):
        yield params[0]
    for name in ("request_type", "method_name", "account_id"):
        value = _first(params).get(name)
        if isinstance(value, str):
            yield value


def _first(params: Any) -> dict[str, Any]:
    if isinstance(params, list):
        params = params[0] if params else None
    return params if isinstance(params, dict) else {}
