"""The desk's parts below the process."""
