"""The venue on loopback: ledger, relay, NEAR RPC, bridge, exchanges and traders."""
