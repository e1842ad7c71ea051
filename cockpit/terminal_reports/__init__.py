"""The trading report as a terminal shows it: charts and tables, fitted to a width."""
