"""What the history tells: report, trace and replay."""
