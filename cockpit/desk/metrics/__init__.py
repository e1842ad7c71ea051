"""Figures for dashboards: what the desk knows of itself as Prometheus reads it, and the port that serves it."""
