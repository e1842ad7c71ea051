"""An address as a QR code of half blocks: light on dark whatever the theme, as a camera needs it."""

from functools import lru_cache
from io import StringIO

from rich.style import Style
from rich.text import Text

MARGIN_MODULES = 2
_LOOK = Style(color="#ffffff", bgcolor="#000000")


@lru_cache(maxsize=8)
def qr_lines(text: str) -> tuple[str, ...]:
    """Return the code's lines, a character for two modules above each other; ``█`` is light."""
    import segno

    out = StringIO()
    segno.make(text, micro=False).terminal(out, compact=True, border=MARGIN_MODULES)
    return tuple(out.getvalue().rstrip("\n").split("\n"))


def qr(text: str) -> Text:
    """Draw the code in colours of its own, the same in every theme."""
    return Text("\n".join(qr_lines(text)), style=_LOOK, no_wrap=True)
