"""The runbook, and what keeps it true."""
