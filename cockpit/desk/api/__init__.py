"""The control API: routes, commands and the stream of snapshots."""
