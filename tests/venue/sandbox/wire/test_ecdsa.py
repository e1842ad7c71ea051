"""ECDSA verifies and recovers what other implementations signed."""

import hashlib

import pytest

from venue.sandbox.wire.ecdsa import P256, SECP256K1, recover, verify

# RFC 6979, A.2.5: P-256 with SHA-256, message "sample".
P256_KEY = bytes.fromhex(
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
P256_SIGNATURE = bytes.fromhex(
    "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
)
SAMPLE = hashlib.sha256(b"sample").digest()


def test_the_vector_of_rfc_6979_verifies() -> None:
    assert verify(P256, SAMPLE, P256_SIGNATURE, P256_KEY)


@pytest.mark.parametrize("at", [0, 31, 32, 63])
def test_a_changed_byte_does_not(at: int) -> None:
    changed = bytearray(P256_SIGNATURE)
    changed[at] ^= 1
    assert not verify(P256, SAMPLE, bytes(changed), P256_KEY)


def test_a_point_off_the_curve_is_no_key() -> None:
    assert not verify(P256, SAMPLE, P256_SIGNATURE, P256_KEY[:-1] + bytes([P256_KEY[-1] ^ 1]))


@pytest.mark.parametrize("secret", [1, 2, 3, SECP256K1.n - 1, int.from_bytes(SAMPLE, "big")])
def test_the_key_of_a_signature_is_recovered(secret: int) -> None:
    key = SECP256K1.times(secret, SECP256K1.base)
    once = SECP256K1.times(12_345, SECP256K1.base)
    assert key is not None
    assert once is not None
    r = once[0] % SECP256K1.n
    s = (int.from_bytes(SAMPLE, "big") + r * secret) * pow(12_345, -1, SECP256K1.n) % SECP256K1.n
    raw = key[0].to_bytes(32, "big") + key[1].to_bytes(32, "big")
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([once[1] & 1])
    assert recover(SECP256K1, SAMPLE, signature) == raw
    assert verify(SECP256K1, SAMPLE, signature[:64], raw)
    assert recover(SECP256K1, SAMPLE, signature[:64] + bytes([once[1] & 1 ^ 1])) != raw


@pytest.mark.parametrize("signature", [bytes(65), b"\xff" * 64 + b"\x00", P256_SIGNATURE + b"\x04"])
def test_no_key_is_recovered_from_numbers_out_of_range(signature: bytes) -> None:
    assert recover(SECP256K1, SAMPLE, signature) is None
