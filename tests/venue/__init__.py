"""The venue's signer, wire and relay client."""
