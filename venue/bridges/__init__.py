"""Clients of the bridges by which tokens come and go."""
