"""The client of the PoA bridge: deposits, fees, withdrawals."""
