"""The panels, one a file: what it shows and how a row is drawn."""
