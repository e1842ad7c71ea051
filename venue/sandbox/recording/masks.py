"""Takes secrets out of what is recorded: by their form, by their own arithmetic, and by the names of their fields."""

import re

import base58
from nacl.signing import SigningKey

MASK = b"(masked)"

_FORMS = re.compile(
    rb"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"  # a JSON web token
    rb"|sandbox-[0-9a-f]{32}"  # the venue's own token without an end
    rb"|(?<=secp256k1:)[1-9A-HJ-NP-Za-km-z]{32,45}(?![1-9A-HJ-NP-Za-km-z])"  # public keys of this curve are longer
)
_BEARER = re.compile(rb"(?i)(bearer(?:\s|%20|\+)+)[^\s\"\\,;&]+")
_NAMES = (
    rb"(?:private|secret|access|signing)[_-]?key|(?:x-)?api[_-]?key|secret|seed|seed[_-]?phrase|mnemonic"
    rb"|passw(?:or)?d|passphrase|authorization|(?:access|refresh|auth|bearer)[_-]?token"
)
_FIELD = re.compile(rb'(?i)("(?:' + _NAMES + rb')"\s*:\s*")(?:[^"\\]|\\.)*')
_QUOTED_FIELD = re.compile(rb'(?i)(\\+"(?:' + _NAMES + rb')\\+"\s*:\s*\\+")[^"\\]*')
_QUERY = re.compile(rb"(?i)((?:^|[?&])(?:" + _NAMES + rb"|token)=)[^&#\s]*")
_KEY = re.compile(rb"ed25519:([1-9A-HJ-NP-Za-km-z]{64,90})")


def masked(content: bytes) -> bytes:
    """Return the content with every secret that can be told from other things replaced.

    A private key of 64 bytes looks like a signature; it is told from one because its second half is the public key of
    its first. One of 32 bytes looks like a public key, and is known only by the name of its field.
    """
    content = _KEY.sub(_unless_key, content)
    content = _FORMS.sub(MASK, content)
    content = _BEARER.sub(rb"\1" + MASK, content)
    if b'"' in content:
        content = _FIELD.sub(rb"\1" + MASK, content)
        content = _QUOTED_FIELD.sub(rb"\1" + MASK, content)
    return content


def masked_path(path: str) -> str:
    """Return the path of a request, with its query, without secrets."""
    return _QUERY.sub(rb"\1" + MASK, masked(path.encode())).decode()


def _unless_key(found: re.Match[bytes]) -> bytes:
    try:
        raw = base58.b58decode(found[1])
    except ValueError:
        return found[0]
    is_key = len(raw) == 64 and bytes(SigningKey(raw[:32]).verify_key) == raw[32:]
    return b"ed25519:" + MASK if is_key else found[0]
