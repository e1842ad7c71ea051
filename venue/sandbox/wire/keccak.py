"""Keccak-256 with Ethereum's padding, by the Keccak reference (version 3.0)."""

_MASK = 2**64 - 1
_RATE = 136


def keccak256(data: bytes) -> bytes:
    """Hash with Ethereum's padding, which is not that of SHA3-256."""
    padded = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % _RATE)
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE):
        for index in range(_RATE // 8):
            at = start + 8 * index
            lanes[index] ^= int.from_bytes(padded[at : at + 8], "little")
        lanes = _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permute(lanes: list[int]) -> list[int]:
    """Apply Keccak-f[1600]; lane (x, y) is at ``x + 5 * y``."""
    register = 1
    for _ in range(24):
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        mixed = [columns[(x - 1) % 5] ^ _rotate(columns[(x + 1) % 5], 1) for x in range(5)]
        lanes = [lane ^ mixed[index % 5] for index, lane in enumerate(lanes)]
        x, y, current = 1, 0, lanes[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x + 5 * y] = lanes[x + 5 * y], _rotate(current, (step + 1) * (step + 2) // 2 % 64)
        lanes = [
            lanes[x + 5 * y] ^ (~lanes[(x + 1) % 5 + 5 * y] & lanes[(x + 2) % 5 + 5 * y] & _MASK)
            for y in range(5)
            for x in range(5)
        ]
        for bit in range(7):
            register = (register << 1 ^ (register >> 7) * 0x71) % 256
            if register & 2:
                lanes[0] ^= 1 << (1 << bit) - 1
    return lanes


def _rotate(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _MASK
