"""`cockpit venue`: the sandbox venue alone, its settings and its faults."""
