"""What was earned: the P&L panel, how much of each limit is used, and the curve of the day."""
