"""Settings of the terminal that one cockpit runs in, none of the desk's."""

import os
from collections.abc import Mapping

import msgspec

from cockpit.config.notifications import MEANS, OCCASIONS, Means, Occasion
from cockpit.config.settings import Settings

TRUE_COLOURS = 1 << 24
MAX_WORD = 32


def colours_of(environ: Mapping[str, str]) -> int:
    """Count the terminal's colours by its names, as what paints it does: 0 for one that knows none."""
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return TRUE_COLOURS
    name = environ.get("TERM", "").strip().lower()
    if name in ("dumb", "unknown"):
        return 0
    return 256 if name.rpartition("-")[2] in ("256color", "kitty") else 16


class TerminalOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``paint_hz``: pictures per second. ``notify``: by which means the terminal notifies, ``occasions``: of what.

    ``theme`` is empty where no setting names one. ``colours``: how many the terminal has. ``local_times``: times are
    written in the zone of the terminal's machine, not in UTC.
    """

    theme: str = ""
    colours: int = TRUE_COLOURS
    local_times: bool = False
    paint_hz: int = 4
    mouse: bool = True
    notify: tuple[Means, ...] = ("bell",)
    occasions: tuple[Occasion, ...] = ("fault", "disarm")

    @classmethod
    def of(cls, settings: Settings, *, mouse: bool) -> "TerminalOptions":
        return cls(
            theme=settings.theme if "theme" in settings.model_fields_set else "",
            colours=colours_of(os.environ),
            local_times=settings.times == "local",
            paint_hz=settings.paint_hz,
            mouse=mouse,
            notify=settings.notify,
            occasions=settings.notify_on,
        )


def options_from_environment(environ: Mapping[str, str], *, mouse: bool) -> TerminalOptions:
    """Read the environment, for a sandbox, whose desk has settings of its own; leave out what cannot be used."""
    notify = [word.strip() for word in environ.get("COCKPIT_NOTIFY", "bell").split(",")]
    occasions = [word.strip() for word in environ.get("COCKPIT_NOTIFY_ON", "fault,disarm").split(",")]
    return TerminalOptions(
        theme=environ.get("COCKPIT_THEME", "").strip().lower()[:MAX_WORD],
        colours=colours_of(environ),
        local_times=environ.get("COCKPIT_TIMES", "").strip().lower() == "local",
        mouse=mouse,
        notify=tuple(means for means in MEANS if means in notify),
        occasions=tuple(occasion for occasion in OCCASIONS if occasion in occasions),
    )


DEFAULT_OPTIONS = TerminalOptions()
