"""A maker, signers and transactions made apart from the program's own code, and venues in this process."""
