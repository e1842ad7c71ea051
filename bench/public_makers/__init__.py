"""Makers of others beside the desk: programs that whoever runs the bench has installed."""
