"""A certificate for the venue, made at its start: an authority that signs one server and is then forgotten.

X.509 in DER: RFC 5280; ECDSA on P-256: RFC 5480 and 5758; private keys: RFC 5915.
"""

import base64
import ipaddress
import secrets
import shutil
import ssl
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from venue.sandbox.wire.ecdsa import P256

LIFE = timedelta(days=90)
_EC_KEY, _P256, _ECDSA_SHA256, _NAME = "1.2.840.10045.2.1", "1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2", "2.5.4.3"
_SUBJECT_KEY, _KEY_USAGE, _SUBJECT_NAMES = "2.5.29.14", "2.5.29.15", "2.5.29.17"
_CONSTRAINTS, _AUTHORITY_KEY, _EXTENDED_USAGE = "2.5.29.19", "2.5.29.35", "2.5.29.37"
_SERVER = "1.3.6.1.5.5.7.3.1"


class _Key(msgspec.Struct, frozen=True):
    secret: int
    public: bytes


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """PEM files: what the venue shows and signs with. ``authority``: what clients trust, None for somebody else's."""

    chain: Path
    key: Path
    authority: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Return what a server serves with. Raises OSError for files that do not fit."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A password is never asked for: nobody may be at the terminal.
            context.load_cert_chain(self.chain, self.key, password=lambda: b"")
        except OSError:
            raise OSError(
                f"cannot serve TLS with {self.chain} and {self.key}: name a certificate and its own key, "
                "both in PEM and the key without a password"
            ) from None
        return context


class MadeCertificate:
    """A certificate in a new directory of its own, for these hosts; ``remove`` it at the end."""

    def __init__(self, hosts: Sequence[str], now: datetime) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cockpit-venue-"))
        names = ("authority.pem", "server.pem", "key.pem")
        authority, chain, key = (self._folder / name for name in names)
        for path, text in zip((authority, chain, key), make(hosts, now), strict=True):
            path.touch(mode=0o600)
            path.write_text(text, "ascii")
        self.certificate = Certificate(chain=chain, key=key, authority=authority)

    def forget_key(self) -> None:
        """Remove what only the server reads, once it has."""
        self.certificate.key.unlink(missing_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def make(hosts: Sequence[str], now: datetime) -> tuple[str, str, str]:
    """Return PEM texts: an authority, a server's certificate that it signed for these hosts, and the server's key."""
    signer, server = _new_key(), _new_key()
    issuer = _sequence(_tlv(0x31, _sequence(_oid(_NAME), _tlv(0x0C, b"NEAR Intents sandbox"))))
    subject = _sequence(_tlv(0x31, _sequence(_oid(_NAME), _tlv(0x0C, b"sandbox venue"))))
    ends = _sequence(_time(now - timedelta(days=1)), _time(now + LIFE))
    authority_key = _extension(_AUTHORITY_KEY, _sequence(_tlv(0x80, _key_id(signer))))
    authority = (
        _extension(_CONSTRAINTS, _sequence(_tlv(0x01, b"\xff"), _integer(0)), critical=True),
        _extension(_KEY_USAGE, _tlv(0x03, b"\x02\x04"), critical=True),
        _extension(_SUBJECT_KEY, _tlv(0x04, _key_id(signer))),
        authority_key,
    )
    shown = (
        _extension(_CONSTRAINTS, _sequence(), critical=True),
        _extension(_KEY_USAGE, _tlv(0x03, b"\x07\x80"), critical=True),
        _extension(_EXTENDED_USAGE, _sequence(_oid(_SERVER))),
        _extension(_SUBJECT_NAMES, _sequence(*map(_host, dict.fromkeys(hosts)))),
        _extension(_SUBJECT_KEY, _tlv(0x04, _key_id(server))),
        authority_key,
    )
    return (
        _pem("CERTIFICATE", _signed((issuer, ends, issuer), signer, authority, signer)),
        _pem("CERTIFICATE", _signed((issuer, ends, subject), server, shown, signer)),
        _pem("EC PRIVATE KEY", _private(server)),
    )


def _new_key() -> _Key:
    secret = secrets.randbelow(P256.n - 1) + 1
    point = P256.times(secret, P256.base)
    assert point is not None
    return _Key(secret, b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big"))


def _sign(key: _Key, message: bytes) -> bytes:
    digest = int.from_bytes(sha256(message).digest(), "big")
    while True:
        once = secrets.randbelow(P256.n - 1) + 1
        point = P256.times(once, P256.base)
        r = point[0] % P256.n if point is not None else 0
        s = pow(once, -1, P256.n) * (digest + r * key.secret) % P256.n
        if r and s:
            return _sequence(_integer(r), _integer(s))


def _signed(names: tuple[bytes, bytes, bytes], key: _Key, extensions: Sequence[bytes], signer: _Key) -> bytes:
    algorithm = _sequence(_oid(_ECDSA_SHA256))
    body = _sequence(
        _tlv(0xA0, _integer(2)),
        _integer(secrets.randbits(126) + 1),
        algorithm,
        *names,
        _sequence(_sequence(_oid(_EC_KEY), _oid(_P256)), _bits(key.public)),
        _tlv(0xA3, _sequence(*extensions)),
    )
    return _sequence(body, algorithm, _bits(_sign(signer, body)))


def _private(key: _Key) -> bytes:
    secret = _tlv(0x04, key.secret.to_bytes(32, "big"))
    return _sequence(_integer(1), secret, _tlv(0xA0, _oid(_P256)), _tlv(0xA1, _bits(key.public)))


def _key_id(key: _Key) -> bytes:
    return sha256(key.public).digest()[:20]


def _host(host: str) -> bytes:
    try:
        return _tlv(0x87, ipaddress.ip_address(host).packed)
    except ValueError:
        return _tlv(0x82, host.encode("ascii", "replace"))


def _extension(oid: str, content: bytes, *, critical: bool = False) -> bytes:
    return _sequence(_oid(oid), *((_tlv(0x01, b"\xff"),) if critical else ()), _tlv(0x04, content))


def _time(at: datetime) -> bytes:
    # UTCTime ends with 2049.
    return _tlv(0x17, at.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode())


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray((40 * first + second,))
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(number & 0x7F | 0x80)
        content += bytes(reversed(digits))
    return _tlv(0x06, bytes(content))


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _tlv(0x03, b"\x00" + content)


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, b"".join(parts))


def _tlv(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + content


def _pem(label: str, content: bytes) -> str:
    lines = base64.encodebytes(content).decode().replace("\n", "")
    wrapped = "\n".join(lines[at : at + 64] for at in range(0, len(lines), 64))
    return f"-----BEGIN {label}-----\n{wrapped}\n-----END {label}-----\n"
