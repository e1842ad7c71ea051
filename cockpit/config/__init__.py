"""Settings: where they come from, how they are checked, and how secrets are kept."""
