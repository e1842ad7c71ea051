"""The websocket's handshake with the relay: its URL, and what a refusal means."""

from urllib.parse import quote, urlsplit, urlunsplit

REFUSED_HANDSHAKE: dict[int, str] = {
    401: "HTTP 401: the relay does not accept the API key; check NEAR_INTENTS_API_KEY and its expiry date",
    403: "HTTP 403: the API key is not registered with this relay; ask for access in the partner portal",
}
UNKNOWN_INSTANCE = (400, 404, 414, 422)
"""HTTP statuses by which a relay may refuse a URL that names an instance."""


def instance_url(url: str, instance_id: str) -> str:
    """Return the URL that names the instance to which missed settlements are delivered."""
    if not instance_id:
        return url
    parts = urlsplit(url)
    named = f"instance_id={quote(instance_id, safe='')}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{named}" if parts.query else named))
