"""The venue's own alarms: SHIELD's incidents and the posts of its status page, read and judged."""
