"""The relay's bearer tokens: one without an end, or JWTs that are taken until their ``exp`` (RFC 7519)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.bounded import Newest
from venue.sandbox.base.seeding import derive

MOST_TOKENS = 1_000
"""Tokens that the relay knows: the newest."""


class BearerTokens:
    """Issues tokens and says which of them are taken now, by the venue's ``clock`` (UTC nanoseconds)."""

    def __init__(self, seed: int, clock: Callable[[], int], *, life_s: float | None = None) -> None:
        self._secret = derive(seed, "token secret")
        self._clock = clock
        self._ends_ns: Newest[str, int | None] = Newest(MOST_TOKENS)
        self._issued = 0
        self.first = self.issue(life_s) if life_s is not None else "sandbox-" + derive(seed, "api key").hex()[:32]
        if life_s is None:
            self._ends_ns[self.first] = None

    def issue(self, life_s: float) -> str:
        """Return a new JWT that ends so many seconds from now, at a whole second."""
        now_ns = self._clock()
        end_s = (now_ns + int(life_s * NS_PER_S)) // NS_PER_S
        header = _part({"alg": "HS256", "typ": "JWT"})
        body = _part({"sub": "maker", "jti": self._issued, "iat": now_ns // NS_PER_S, "exp": end_s})
        signed = f"{header}.{body}"
        token = f"{signed}.{_base64(hmac.digest(self._secret, signed.encode(), hashlib.sha256))}"
        self._issued += 1
        self._ends_ns[token] = end_s * NS_PER_S
        return token

    def accepts(self, token: str | None) -> bool:
        """Return whether the token was issued here and has not ended."""
        if token is None or token not in self._ends_ns:
            return False
        end_ns = self._ends_ns[token]
        return end_ns is None or self._clock() < end_ns

    def accepts_header(self, authorization: str | None) -> bool:
        """Return whether the header ``Authorization`` bears a token that is taken."""
        return self.accepts(_borne(authorization))

    def knows_header(self, authorization: str | None) -> bool:
        """Return whether the header bears no token, or one that was issued here, ended or not."""
        token = _borne(authorization)
        return token is None or token in self._ends_ns


def _borne(authorization: str | None) -> str | None:
    kind, _, token = (authorization or "").partition(" ")
    return token if kind == "Bearer" and token else None


def _part(value: dict[str, object]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
