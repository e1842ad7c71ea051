"""What a string, a height or a time from outside may be: every other one is unreadable.

A value out of bounds is refused, unknown or marked, never cut: a cut one could be taken for another. The history
indexes ids and hashes, keeps numbers in signed 64-bit columns, and a terminal acts on control characters.
"""

import hashlib
import re

MAX_NAME = 128
"""Characters of an id, a hash, a chain's name or a status."""
MAX_ADDRESS = 256
"""Characters of an address, a memo and a token's id: some chains write long ones."""
MAX_HEIGHT = 2**53 - 1
"""Of a block; JSON carries no larger number exactly."""
LATEST_NS = 2**62
"""UTC nanoseconds, in 2116: far enough from the end of a signed 64-bit column to be added to."""

_MARKED = 32

_is_visible = re.compile(r"[!-~]+").fullmatch


def is_name(value: str, most: int = MAX_NAME) -> bool:
    """Return whether it is 1 to ``most`` visible ASCII characters without a space, as ids, hashes and statuses are."""
    return len(value) <= most and _is_visible(value) is not None


def is_line(value: str, most: int = MAX_NAME) -> bool:
    """Return whether it is 1 to ``most`` characters that a terminal only prints: no control, escape or bidi ones."""
    return 0 < len(value) <= most and value.isprintable()


def name_of(what: str, value: str, most: int = MAX_NAME) -> str:
    """Return an id, hash or status as it is; ValueError, which names ``what`` and not the value, when it is none."""
    if not is_name(value, most):
        raise ValueError(f"{what} is not 1 to {most} visible ASCII characters")
    return value


def marked_name(value: str, most: int = MAX_ADDRESS) -> str:
    """Return a name of a list's row as it is; one that is none begins with "?" and is safe to show and to keep.

    A row of a list is not dropped for its name, nor the list. The mark holds a digest of the whole text, so that two
    different texts never become one name.
    """
    if not value or is_name(value, most):
        return value
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    seen = "".join(c if "!" <= c <= "~" else "?" for c in value[:_MARKED])
    return f"?{seen}?{digest}"


def is_marked(value: str) -> bool:
    """Return whether this name of a row stands for one that could not be used."""
    return value.startswith("?")


def optional_name(value: str | None, most: int = MAX_NAME) -> str | None:
    """Return an id or hash that may be unknown: None without a usable one."""
    return value if value is not None and is_name(value, most) else None


def optional_line(value: object, most: int = MAX_NAME) -> str | None:
    """Return a text that may be unknown: None without a usable one."""
    return value if isinstance(value, str) and is_line(value, most) else None


def height_of(value: int) -> int:
    """Return the height of a block; ValueError when there can be none of it."""
    if not 0 <= value <= MAX_HEIGHT:
        raise ValueError("the block height is out of range")
    return value


def time_ns_of(value: int) -> int:
    """Return a time, UTC ns since the epoch; ValueError before it and from ``LATEST_NS`` on."""
    if not 0 <= value < LATEST_NS:
        raise ValueError("the time is out of range")
    return value
