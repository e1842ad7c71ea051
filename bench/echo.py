"""The baselines: a client that answers every request for a market with a fixed frame, and one that also signs once.

``python -m bench.echo URL [--sign] [--uvloop] [--markets FILE]``
"""

import asyncio
import hashlib
import sys

import msgspec
import uvloop
from nacl.signing import SigningKey
from websockets.asyncio.client import ClientConnection, connect

from bench.market_table import tokens_in
from venue.protocol.tokens import EURE, NBTC, TokenTable
from venue.sandbox.flow.wallet import Wallet


class _Data(msgspec.Struct):
    quote_id: str
    defuse_asset_identifier_in: str
    defuse_asset_identifier_out: str


class _Params(msgspec.Struct):
    data: _Data


class _Event(msgspec.Struct):
    params: _Params | None = None


_decode = msgspec.json.Decoder(_Event).decode


def rest_of_answer() -> str:
    """Return the part of an answer after its quote id, as long as a real one."""
    wallet = Wallet("maker.sandbox.near", bytes(32))
    signed = wallet.sign_diff(
        (EURE.token_id, 8 * 10**18), (NBTC.token_id, 10_000), deadline_ns=10**18, salt=bytes(4), random=bytes(15)
    )
    data = msgspec.json.encode(signed.data).decode()
    return f'","quote_output":{{"amount_out":"8000000000000000000"}},"signed_data":{data}}}]}}'


async def echo(url: str, key: SigningKey | None, tokens: TokenTable) -> None:
    rest = rest_of_answer()
    digest = hashlib.sha256(rest.encode()).digest()
    async with connect(url, compression=None, proxy=None) as relay:
        await relay.send('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":["quote"]}')
        await _answer(relay, key, tokens, digest, rest)


async def _answer(
    relay: ClientConnection, key: SigningKey | None, tokens: TokenTable, digest: bytes, rest: str
) -> None:
    last_id = 1
    while True:
        params = _decode(await relay.recv(decode=False)).params
        if params is None:
            continue
        data = params.data
        if tokens.market(data.defuse_asset_identifier_in, data.defuse_asset_identifier_out) is None:
            continue
        if key is not None:
            key.sign(digest)
        last_id += 1
        head = f'{{"jsonrpc":"2.0","id":{last_id},"method":"quote_response","params":[{{"quote_id":"'
        await relay.send(head + data.quote_id + rest)


if __name__ == "__main__":
    _run = uvloop.run if "--uvloop" in sys.argv else asyncio.run
    _markets = sys.argv[sys.argv.index("--markets") + 1] if "--markets" in sys.argv else ""
    _run(echo(sys.argv[1], SigningKey.generate() if "--sign" in sys.argv else None, tokens_in(_markets)))
