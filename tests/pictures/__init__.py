"""Pictures of the screen, compared with ones that were looked at."""
