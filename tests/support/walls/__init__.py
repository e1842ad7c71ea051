"""Walls round foreign programs: inside one a program reaches this machine only."""

from pathlib import Path

NODE_WALL = Path(__file__).parent / "loopback_only.cjs"
"""To be required by Node before anything else."""
PYTHON_WALL = Path(__file__).parent / "loopback_only.py"
"""To be run by Python, with the program as its first argument."""
