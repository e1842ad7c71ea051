"""The venue's side of a frame log, served again to a client that connects."""
