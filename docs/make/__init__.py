"""Generates what the pages take from elsewhere: settings, keys, commands, pictures. Run ``python -m docs.make``."""
