"""What both sides of a wire must agree on: assets, signed messages, nonces. The sandbox shares nothing else."""
