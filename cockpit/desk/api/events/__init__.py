"""What the desk records, sent to those who follow it."""
