"""The balances: read, reconciled with every known movement, and taken over from the previous run."""
