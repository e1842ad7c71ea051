"""What a cockpit is shown: the snapshot, its rows and the health of every part."""
