"""Parts of the desk on virtual clocks, up to the whole of it."""
