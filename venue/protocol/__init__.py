"""What both sides of a wire must agree on: assets, signed messages, nonces, units. The sandbox shares nothing else."""
