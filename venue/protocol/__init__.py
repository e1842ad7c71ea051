"""What both sides of a wire must agree on, all that the sandbox may share: assets, signed messages, nonces, units."""
