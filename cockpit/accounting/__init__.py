"""How trading is counted: profit and loss, markouts and percentiles; pure functions for the desk and the reports."""
