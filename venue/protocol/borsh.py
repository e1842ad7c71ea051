"""Borsh, as NEAR's contracts and transactions are serialised: little-endian integers, and a u32 length before what
varies in length. Source: borsh.io. Every function raises ValueError for what does not fit its type.
"""


def u8(value: int) -> bytes:
    """An unsigned integer of one byte; also the number of an enum's variant."""
    return _unsigned(value, 1)


def u32(value: int) -> bytes:
    return _unsigned(value, 4)


def u64(value: int) -> bytes:
    return _unsigned(value, 8)


def u128(value: int) -> bytes:
    return _unsigned(value, 16)


def fixed(raw: bytes, size: int) -> bytes:
    """Bytes of a known length, which is not written."""
    if len(raw) != size:
        raise ValueError(f"{len(raw)} bytes where borsh needs {size}")
    return raw


def chunk(raw: bytes) -> bytes:
    """A list of bytes."""
    return u32(len(raw)) + raw


def text(value: str) -> bytes:
    return chunk(value.encode())


def _unsigned(value: int, size: int) -> bytes:
    if not 0 <= value < 1 << 8 * size:
        raise ValueError(f"a number is outside 0 to 2^{8 * size} - 1")
    return value.to_bytes(size, "little")
