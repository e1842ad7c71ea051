class PublicMakerError(Exception):
    """A public maker cannot be measured; the text says why and what to do."""
