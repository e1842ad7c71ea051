"""Takes secrets out of what is recorded: by their form, by their own arithmetic, and by the names of their fields."""

import re

import base58
from nacl.signing import SigningKey

MASK = b"(masked)"

_FORMS = (
    # JSON web tokens; the venue's own token without an end; keys of a curve whose public keys are longer.
    (b"eyJ", re.compile(rb"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?")),
    (b"sandbox-", re.compile(rb"sandbox-[0-9a-f]{32}")),
    (b"secp256k1:", re.compile(rb"(?<=secp256k1:)[1-9A-HJ-NP-Za-km-z]{32,45}(?![1-9A-HJ-NP-Za-km-z])")),
)
_BEARER = re.compile(rb"(?i)(bearer(?:\s|%20|\+)+)[^\s\"\\,;&]+")
_NAMES = (
    rb"(?:private|secret|access|signing)[_-]?key|(?:x-)?api[_-]?key|secret|seed|seed[_-]?phrase|mnemonic"
    rb"|passw(?:or)?d|passphrase|authorization|(?:access|refresh|auth|bearer)[_-]?token"
)
_HINTS = (
    *(b"private", b"secret", b"access", b"signing", b"api", b"seed", b"mnemonic", b"passw", b"passphrase"),
    *(b"auth", b"refresh", b"bearer"),
)
"""One of these is in every name above, in lower case: most frames have none, and then need no search."""
_FIELD = re.compile(rb'(?i)("(?:' + _NAMES + rb')"\s*:\s*")(?:[^"\\]|\\.)*')
_QUOTED_FIELD = re.compile(rb'(?i)(\\{1,15}"(?:' + _NAMES + rb')\\{1,15}"\s*:\s*\\{1,15}")[^"\\]*')
_QUERY = re.compile(rb"(?i)((?:^|[?&])(?:" + _NAMES + rb"|token)=)[^&#\s]*")
_WORD_LENGTH = 4_096
_LAST_WORD = re.compile(rb"(?<![\w:.-])[\w:.-]+\Z")
_KEY = re.compile(rb"ed25519:([1-9A-HJ-NP-Za-km-z]{64,90})")


def masked(content: bytes) -> bytes:
    """Return the content with every secret that can be told from other things replaced.

    A private key of 64 bytes looks like a signature; it is told from one because its second half is the public key of
    its first. One of 32 bytes looks like a public key, and is known only by the name of its field.
    """
    content = _KEY.sub(_unless_key, content)
    for start, form in _FORMS:
        if start in content:
            content = form.sub(MASK, content)
    lower = content.lower()
    if b"bearer" in lower:
        content = _BEARER.sub(rb"\1" + MASK, content)
    if b'"' in content and any(hint in lower for hint in _HINTS):
        content = _FIELD.sub(rb"\1" + MASK, content)
        content = _QUOTED_FIELD.sub(rb"\1" + MASK, content)
    return content


def without_last_word(content: bytes) -> bytes:
    """Return content that was cut off without the word in which it was: half a secret is not known for one."""
    return content[:-_WORD_LENGTH] + _LAST_WORD.sub(b"", content[-_WORD_LENGTH:])


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
