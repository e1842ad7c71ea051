"""ECDSA as a verifier needs it, for wallets that do not sign with Ed25519: no secret is ever in here.

Curves and algorithms: SEC 1 (version 2) and SEC 2, sections 2.4.1 (secp256k1) and 2.4.2 (secp256r1, NIST P-256).
"""

import msgspec

Point = tuple[int, int]


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """``y² = x³ + ax + b`` over the field of ``p``; ``n`` is the order of the base point."""

    p: int
    a: int
    b: int
    n: int
    base: Point

    def contains(self, point: Point) -> bool:
        x, y = point
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - x * x * x - self.a * x - self.b) % self.p == 0

    def add(self, one: Point | None, other: Point | None) -> Point | None:
        """Add two points; None is the point at infinity."""
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        rise, run = (3 * x1 * x1 + self.a, 2 * y1) if one == other else (y2 - y1, x2 - x1)
        slope = rise * pow(run, -1, self.p) % self.p
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, factor: int, point: Point) -> Point | None:
        found: Point | None = None
        step: Point | None = point
        while factor:
            if factor & 1:
                found = self.add(found, step)
            step = self.add(step, step)
            factor >>= 1
        return found


SECP256K1 = Curve(
    p=2**256 - 2**32 - 977,
    a=0,
    b=7,
    n=0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    base=(
        0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
        0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
    ),
)
P256 = Curve(
    p=2**256 - 2**224 + 2**192 + 2**96 - 1,
    a=-3,
    b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    base=(
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
)


def is_high(curve: Curve, signature: bytes) -> bool:
    """Return whether ``s`` of ``r || s`` is the greater of the two that fit: whoever sees a signature can make it."""
    return int.from_bytes(signature[32:64], "big") > curve.n // 2


def recover(curve: Curve, digest: bytes, signature: bytes) -> bytes | None:
    """Return the 64 bytes of the key that made a signature ``r || s || v``, None where there is none."""
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    x = r + (v >> 1) * curve.n
    if not (0 < r < curve.n and 0 < s < curve.n and v < 4 and x < curve.p):
        return None
    square = (x * x * x + curve.a * x + curve.b) % curve.p
    y = pow(square, (curve.p + 1) // 4, curve.p)
    if y * y % curve.p != square:
        return None
    point = x, y if y & 1 == v & 1 else curve.p - y
    inverse = pow(r, -1, curve.n)
    signed = -int.from_bytes(digest, "big") * inverse % curve.n
    key = curve.add(curve.times(signed, curve.base), curve.times(s * inverse % curve.n, point))
    return None if key is None else key[0].to_bytes(32, "big") + key[1].to_bytes(32, "big")


def verify(curve: Curve, digest: bytes, signature: bytes, key: bytes) -> bool:
    """Return whether ``r || s`` over the digest is by the key (64 bytes)."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    point = int.from_bytes(key[:32], "big"), int.from_bytes(key[32:], "big")
    if not (0 < r < curve.n and 0 < s < curve.n and curve.contains(point)):
        return False
    inverse = pow(s, -1, curve.n)
    signed = int.from_bytes(digest, "big") * inverse % curve.n
    found = curve.add(curve.times(signed, curve.base), curve.times(r * inverse % curve.n, point))
    return found is not None and found[0] % curve.n == r
