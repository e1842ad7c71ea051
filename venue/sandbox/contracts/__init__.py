"""The contracts that transactions call: the Verifier's function calls, and the tokens."""
