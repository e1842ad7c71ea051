"""Settings of the terminal that one cockpit runs in, none of the desk's."""

from collections.abc import Mapping

import msgspec

from cockpit.config.notifications import MEANS, OCCASIONS, Means, Occasion
from cockpit.config.settings import Settings


class TerminalOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``paint_hz``: pictures per second. ``notify``: by which means the terminal notifies, ``occasions``: of what."""

    theme: str = "dark"
    paint_hz: int = 4
    mouse: bool = True
    notify: tuple[Means, ...] = ("bell",)
    occasions: tuple[Occasion, ...] = ("fault", "disarm")

    @classmethod
    def of(cls, settings: Settings, *, mouse: bool) -> "TerminalOptions":
        return cls(
            theme=settings.theme,
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
        theme=environ.get("COCKPIT_THEME", "dark").strip().lower(),
        mouse=mouse,
        notify=tuple(means for means in MEANS if means in notify),
        occasions=tuple(occasion for occasion in OCCASIONS if occasion in occasions),
    )


DEFAULT_OPTIONS = TerminalOptions()
