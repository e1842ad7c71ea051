"""Dialogs: questions before a command, and details on request."""
