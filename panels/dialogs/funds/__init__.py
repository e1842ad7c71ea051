"""Dialogs that concern money in and out: deposits, withdrawals, tracking, the freeze, the signing key."""
