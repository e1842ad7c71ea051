"""What the sandbox reads and writes: Borsh, signed payloads, timestamps, the contract's errors."""
