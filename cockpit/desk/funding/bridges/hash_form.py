"""What a transaction's hash looks like on the chains that deposits come from. Pure."""

import re
from collections.abc import Mapping

_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "btc": (re.compile(r"[0-9a-fA-F]{64}"), "64 hexadecimal digits"),
    "eth": (re.compile(r"0x[0-9a-fA-F]{64}"), "0x and 64 hexadecimal digits"),
}
"""By the first part of the bridge's name for a chain, such as ``eth:100``."""


def hash_problem(chain: str, tx_hash: str) -> str:
    """Say why no transaction of the chain has this hash; empty when one may, or nothing is known of the chain."""
    form, words = _FORMS.get(chain.partition(":")[0], (None, ""))
    if form is None or form.fullmatch(tx_hash):
        return ""
    return f"{tx_hash} is no hash of {chain}: expected {words}; nothing was sent to the bridge"
