"""The commands, one file each; export and import share one, for they differ in direction only."""
