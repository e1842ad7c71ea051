"""What tests share: builders, harnesses, stand-ins, waiting on conditions."""
