"""Keccak-256 with the padding of the original submission, as Ethereum uses it (EIP-55); SHA3-256 pads differently.

Source: the Keccak reference, version 3.0. Only addresses are hashed with it, so it is written to be read.
"""

_LANE = (1 << 64) - 1
_RATE_LEN = 136
_ROUND_CONSTANTS = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
    0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip
_ROTATIONS = (
    (0, 36, 3, 41, 18),
    (1, 44, 10, 45, 2),
    (62, 6, 43, 15, 61),
    (28, 55, 25, 21, 56),
    (27, 20, 39, 8, 14),
)
"""By column x, then row y."""


def keccak_256(data: bytes, *, padding: int = 0x01) -> bytes:
    """Return the 32 bytes. ``padding``: the first byte of the padding; with 0x06 it is SHA3-256."""
    padded = bytearray(data) + bytes(_RATE_LEN - len(data) % _RATE_LEN)
    padded[len(data)] ^= padding
    padded[-1] ^= 0x80
    state = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), _RATE_LEN):
        for place in range(_RATE_LEN // 8):
            at = start + 8 * place
            state[place % 5][place // 5] ^= int.from_bytes(padded[at : at + 8], "little")
        state = _permuted(state)
    return b"".join(state[x][0].to_bytes(8, "little") for x in range(4))


def _permuted(a: list[list[int]]) -> list[list[int]]:
    for constant in _ROUND_CONSTANTS:
        parity = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        theta = [parity[x - 1] ^ _rotated(parity[(x + 1) % 5], 1) for x in range(5)]
        b = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                b[y][(2 * x + 3 * y) % 5] = _rotated(a[x][y] ^ theta[x], _ROTATIONS[x][y])
        a = [[b[x][y] ^ (~b[(x + 1) % 5][y] & b[(x + 2) % 5][y] & _LANE) for y in range(5)] for x in range(5)]
        a[0][0] ^= constant
    return a


def _rotated(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _LANE
