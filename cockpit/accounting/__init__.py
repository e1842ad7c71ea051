"""How trading is counted: profit and loss, markouts, option value, percentiles; pure, for the desk and the reports."""
