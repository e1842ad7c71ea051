"""Alerts and the state of alerting, shared by desk, alert service and cockpit."""
