"""`cockpit tune`: plans of widths to try, and what recorded quotes say of other widths."""
