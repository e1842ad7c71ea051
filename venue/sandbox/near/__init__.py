"""The sandbox's NEAR RPC node."""
