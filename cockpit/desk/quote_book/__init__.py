"""The life of each quote, what is committed to live ones, the hard stop and markouts of fills."""
