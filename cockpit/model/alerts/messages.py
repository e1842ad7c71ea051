"""Sentences about alerts that desk and cockpit share."""

ACKNOWLEDGED = "alerts acknowledged; none of them escalates"
NOT_CONFIGURED = "no alerts are configured; docs/alerts.md says how"
