"""History: what happened, durable and joinable."""
