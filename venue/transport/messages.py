"""Texts that the clients have in common."""

UNREADABLE = "sent an unreadable answer"
COMPRESSED = "it is compressed, which was not asked for"
NOT_OPEN = "the connection is not open"
