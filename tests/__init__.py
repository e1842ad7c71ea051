"""Tests: they mirror the tree; support/ holds what several share."""
