"""The sandbox's Verifier: the ledger, its checks and its views."""
