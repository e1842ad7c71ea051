"""How work leaves the processor to other processes."""
