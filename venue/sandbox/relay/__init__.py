"""The sandbox's Solver Relay: subscriptions, auctions, publishing, settlement."""
