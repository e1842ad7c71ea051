"""Withdrawals made elsewhere: named by their hash, confirmed by NEAR or the bridge, and let go of."""
