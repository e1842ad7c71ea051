"""The sandbox's Verifier: its ledger, checks, calls and views."""
