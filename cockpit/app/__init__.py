"""The Textual app: it paints snapshots, sends commands and holds no state of its own."""
