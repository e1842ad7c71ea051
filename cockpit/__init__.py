"""The command, the Textual app and the desk of the market-making cockpit."""
