"""How trading is counted: profit and loss, markouts, option value and percentiles; pure functions for the desk and the reports."""
