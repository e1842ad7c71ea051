"""The markets that the exchanges show: prices, books and trades, without any protocol."""
