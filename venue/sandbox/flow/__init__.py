"""Who trades on the sandbox and at what price: the accounts, the price path, traders and rival makers."""
