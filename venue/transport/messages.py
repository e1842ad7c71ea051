"""Texts that the clients have in common."""

UNREADABLE = "sent an unreadable answer"
NOT_OPEN = "the connection is not open"
