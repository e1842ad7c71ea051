"""Tests of the panels' drawing."""
