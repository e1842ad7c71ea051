"""The client of NEAR RPC: views, transactions and what their outcomes mean."""
