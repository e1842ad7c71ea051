"""What is said of the port of the metrics, and to those who ask it."""

NOT_FOUND = "only /metrics is served here\n"
NOT_ALLOWED = "only GET and HEAD are taken here\n"
NOT_LOCAL = "the host of the request is not this machine\n"
TOO_LONG = "the head of the request is too long\n"
UNREADABLE = "the request cannot be read\n"


def port_taken(address: str) -> str:
    return f"{address} is taken by another program; free it, or set METRICS_ADDRESS to another port"


def port_unusable(address: str, why: str) -> str:
    return f"{address} cannot be used ({why}); set METRICS_ADDRESS to another address"
