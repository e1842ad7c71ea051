"""Tests of the settings and of the .env file."""
