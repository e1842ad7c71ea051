"""Valid settings, for a test to change."""

from base58 import b58encode
from nacl.signing import SigningKey

SEED = bytes(range(32))
PAIR = SEED + bytes(SigningKey(SEED).verify_key)


def key(raw: bytes) -> str:
    return f"ed25519:{b58encode(raw).decode()}"


def environ(**changes: str) -> dict[str, str]:
    return {
        "HOME": "/home/maker",
        "NEAR_INTENTS_API_KEY": "token-in-one-word",
        "NEAR_INTENTS_ACCOUNT_ID": "maker.near",
        "NEAR_INTENTS_SIGNER_PRIVATE_KEY": key(PAIR),
    } | changes


def loopback(**changes: str) -> dict[str, str]:
    return (
        environ(
            NEAR_INTENTS_RELAY_WS_URL="ws://127.0.0.1:9001/ws",
            NEAR_INTENTS_RELAY_RPC_URL="http://localhost:9002/rpc",
            NEAR_INTENTS_BRIDGE_URL="http://[::1]:9003/rpc",
            OMNI_API_URL="http://127.0.0.1:9008",
            NEAR_RPC_URL="http://127.0.0.2:9004",
            REFERENCE_KRAKEN_WS_URL="ws://127.0.0.1:9005",
            REFERENCE_COINBASE_WS_URL="ws://127.0.0.1:9006",
            REFERENCE_BITSTAMP_WS_URL="ws://127.0.0.1:9007",
            NEAR_INTENTS_SHIELD_URL="http://127.0.0.1:9008/public/status",
            NEAR_INTENTS_STATUS_PAGE_URL="http://127.0.0.1:9009/api/posts?is_featured=true",
        )
        | changes
    )
