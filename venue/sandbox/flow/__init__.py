"""What happens on the sandbox of its own accord: the price path, traders and rival makers."""
