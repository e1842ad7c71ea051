"""The cockpit's two themes, and what each role of text looks like in them.

Rows are drawn in roles, not in colours, so that a panel says what a number means and the theme says how it looks.
"""

from functools import cache
from typing import Literal

import msgspec
from rich.style import Style
from textual.theme import Theme

Role = Literal[
    "text",
    "strong",
    "muted",
    "head",
    "accent",
    "good",
    "warn",
    "bad",
    "buy",
    "sell",
    "sandbox",
    "live",
    "alarm",
    "loud",
]


class Palette(msgspec.Struct, frozen=True):
    """The colours of one theme."""

    background: str
    surface: str
    raised: str
    line: str
    text: str
    strong: str
    muted: str
    accent: str
    good: str
    warn: str
    bad: str
    buy: str
    sell: str
    on_tag: str
    sandbox: str
    live: str


DARK = Palette(
    background="#10151a",
    surface="#151b21",
    raised="#24303a",
    line="#2c3741",
    text="#b9c4cd",
    strong="#eef3f6",
    muted="#6f7d89",
    accent="#6fb7c9",
    good="#84bf7e",
    warn="#e0b050",
    bad="#ee7a78",
    buy="#79b4e6",
    sell="#c9a0dc",
    on_tag="#0c1115",
    sandbox="#6fb7c9",
    live="#f0a33a",
)
LIGHT = Palette(
    background="#f6f5f1",
    surface="#fdfcf9",
    raised="#dfe7ea",
    line="#cfd3d2",
    text="#37424a",
    strong="#10181d",
    muted="#6c7880",
    accent="#17708a",
    good="#2f7a35",
    warn="#955f00",
    bad="#b3261e",
    buy="#1f62a8",
    sell="#7d3f98",
    on_tag="#fdfcf9",
    sandbox="#17708a",
    live="#b35c00",
)

DARK_NAME = "cockpit-dark"
LIGHT_NAME = "cockpit-light"


def _theme(name: str, palette: Palette, *, dark: bool) -> Theme:
    return Theme(
        name=name,
        primary=palette.accent,
        secondary=palette.sell,
        accent=palette.accent,
        warning=palette.warn,
        error=palette.bad,
        success=palette.good,
        foreground=palette.text,
        background=palette.background,
        surface=palette.surface,
        panel=palette.raised,
        dark=dark,
        variables={
            "line": palette.line,
            "muted": palette.muted,
            "strong": palette.strong,
            "raised": palette.raised,
            "alarm": "#7c1d20" if dark else "#8f1d18",
            "live": palette.live,
            "footer-key-foreground": palette.accent,
            "footer-background": palette.background,
            "footer-description-foreground": palette.muted,
            "footer-description-background": palette.background,
            "footer-key-background": palette.background,
            "border": palette.accent,
            "border-blurred": palette.line,
            "scrollbar": palette.line,
            "scrollbar-hover": palette.muted,
            "scrollbar-active": palette.accent,
            "scrollbar-background": palette.surface,
            "scrollbar-background-hover": palette.surface,
            "scrollbar-background-active": palette.surface,
            "scrollbar-corner-color": palette.surface,
        },
    )


THEMES = (_theme(DARK_NAME, DARK, dark=True), _theme(LIGHT_NAME, LIGHT, dark=False))


@cache
def styles(dark: bool) -> dict[Role, Style]:
    """The style of every role in the dark or the light theme."""
    palette = DARK if dark else LIGHT
    tag = palette.on_tag
    return {
        "text": Style(color=palette.text),
        "strong": Style(color=palette.strong, bold=True),
        "muted": Style(color=palette.muted),
        "head": Style(color=palette.muted, italic=False),
        "accent": Style(color=palette.accent),
        "good": Style(color=palette.good),
        "warn": Style(color=palette.warn),
        "bad": Style(color=palette.bad),
        "buy": Style(color=palette.buy),
        "sell": Style(color=palette.sell),
        "sandbox": Style(color=tag, bgcolor=palette.sandbox, bold=True),
        "live": Style(color=tag, bgcolor=palette.live, bold=True),
        "alarm": Style(color="#ffffff", bgcolor="#c4342b", bold=True),
        "loud": Style(color="#ffffff"),
    }


@cache
def raised(dark: bool) -> Style:
    """The background of the row under the cursor."""
    return Style(bgcolor=(DARK if dark else LIGHT).raised)
