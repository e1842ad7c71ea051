"""JSON-RPC, websockets, base58 and amounts, as every client needs them."""
