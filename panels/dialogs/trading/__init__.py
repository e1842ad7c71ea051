"""Dialogs that change what is quoted: arming, the hard stop, the limits, the pricing, the trading state."""
