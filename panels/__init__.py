"""One file a panel: what it shows and how a row is drawn."""
