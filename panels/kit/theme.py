"""The cockpit's themes, and what each role of text looks like in them.

Rows are drawn in roles, not in colours, so that a panel gives a number its meaning and the theme its look.
"""

from functools import cache
from typing import Literal

import msgspec
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

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

COLOUR_BLIND = msgspec.structs.replace(
    DARK,
    good="#56b4e9",
    warn="#f0e442",
    bad="#e69f00",
    buy="#56b4e9",
    sell="#e69f00",
    sandbox="#56b4e9",
    live="#e69f00",
)
"""Okabe and Ito's colours, which people who do not see red or green can distinguish."""
ANSI = Palette(
    background="default",
    surface="default",
    raised="bright_black",
    line="bright_black",
    text="default",
    strong="default",
    muted="bright_black",
    accent="cyan",
    good="green",
    warn="yellow",
    bad="red",
    buy="blue",
    sell="magenta",
    on_tag="black",
    sandbox="cyan",
    live="yellow",
)

DARK_NAME = "cockpit-dark"
LIGHT_NAME = "cockpit-light"
BLIND_NAME = "cockpit-colour-blind"
ANSI_NAME = "cockpit-16"
PLAIN_NAME = "cockpit-plain"
NAMES = {
    "dark": DARK_NAME,
    "light": LIGHT_NAME,
    "colour-blind": BLIND_NAME,
    "16": ANSI_NAME,
    "plain": PLAIN_NAME,
}
"""The names of the setting COCKPIT_THEME, in the order of the theme key."""
DISPLAY_NAMES = {
    DARK_NAME: "dark",
    LIGHT_NAME: "light",
    BLIND_NAME: "colour-blind safe",
    ANSI_NAME: "16 colours",
    PLAIN_NAME: "plain, without colour",
}
"""Their names for people."""
PALETTES = {DARK_NAME: DARK, LIGHT_NAME: LIGHT, BLIND_NAME: COLOUR_BLIND, ANSI_NAME: ANSI}


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


def _terminals_own(name: str, *, coloured: bool) -> Theme:
    """A theme of the terminal's own colours; without any for ``plain``, where weight, reverse and words do it all."""

    def hue(colour: str) -> str:
        return f"ansi_{colour}" if coloured else "ansi_default"

    quiet = hue("bright_black")
    return Theme(
        name=name,
        ansi=True,
        primary=hue("cyan"),
        secondary=hue("magenta"),
        accent=hue("cyan"),
        warning=hue("yellow"),
        error=hue("red"),
        success=hue("green"),
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        dark=True,
        variables=BUILTIN_THEMES["ansi-dark"].variables
        | {
            "line": quiet,
            "muted": quiet,
            "strong": "ansi_default",
            "raised": "ansi_default",
            "alarm": hue("red"),
            "live": "ansi_default",
            "footer-key-foreground": hue("cyan"),
            "footer-background": "ansi_default",
            "footer-description-foreground": "ansi_default",
            "footer-description-background": "ansi_default",
            "footer-key-background": "ansi_default",
            "border": hue("cyan"),
            "border-blurred": quiet,
            "scrollbar": quiet,
            "scrollbar-hover": quiet,
            "scrollbar-active": hue("cyan"),
            "scrollbar-background": "ansi_default",
            "scrollbar-background-hover": "ansi_default",
            "scrollbar-background-active": "ansi_default",
            "scrollbar-corner-color": "ansi_default",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-background": "ansi_white",
            "input-cursor-background": "ansi_white",
            "input-cursor-foreground": "ansi_black",
        },
    )


THEMES = (
    _theme(DARK_NAME, DARK, dark=True),
    _theme(LIGHT_NAME, LIGHT, dark=False),
    _theme(BLIND_NAME, COLOUR_BLIND, dark=True),
    _terminals_own(ANSI_NAME, coloured=True),
    _terminals_own(PLAIN_NAME, coloured=False),
)


@cache
def styles(theme: str) -> dict[Role, Style]:
    if theme == PLAIN_NAME:
        return _plain()
    palette = PALETTES.get(theme, DARK)
    tag, white = palette.on_tag, "bright_white" if theme == ANSI_NAME else "#ffffff"
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
        "alarm": Style(color=white, bgcolor="red" if theme == ANSI_NAME else "#c4342b", bold=True),
        "loud": Style(color=white),
    }


def _plain() -> dict[Role, Style]:
    """Without any colour: what is armed, wrong or real money is bold or reversed, beside its glyph and its word."""
    bold, reverse = Style(bold=True), Style(bold=True, reverse=True)
    weak: tuple[Role, ...] = ("text", "muted", "head", "accent", "buy", "sell")
    strong: tuple[Role, ...] = ("strong", "good", "loud", "sandbox")
    return {
        **dict.fromkeys(weak, Style()),
        **dict.fromkeys(strong, bold),
        "warn": Style(underline=True),
        "bad": Style(bold=True, underline=True),
        "live": reverse,
        "alarm": reverse,
    }


@cache
def raised(theme: str) -> Style:
    """The background of the row under the cursor."""
    if theme in (PLAIN_NAME, ANSI_NAME):
        return Style(reverse=True)
    return Style(bgcolor=PALETTES.get(theme, DARK).raised)


@cache
def faded(theme: str) -> Style | None:
    """What is behind a dialog looks like in the terminal's own colours; None where colours can be mixed."""
    return {PLAIN_NAME: Style(), ANSI_NAME: Style(color=ANSI.muted)}.get(theme)
