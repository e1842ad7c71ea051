"""A maker, signers and transactions independent of the program's code, and venues in this process."""
