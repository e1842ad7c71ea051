"""The client of the Solver Relay: its websocket, its RPC and its messages."""
