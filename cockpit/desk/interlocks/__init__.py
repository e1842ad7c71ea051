"""The checks before arming, what they measure, and what disarms when one of them fails."""
