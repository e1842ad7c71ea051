"""The sandbox's exchanges: market data by websocket and REST."""
