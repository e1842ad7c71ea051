"""The sandbox's exchanges: tickers by websocket and REST."""
