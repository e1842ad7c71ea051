"""What the operator chooses on the screen, put on the board at the start and kept for the next cockpit."""

from collections.abc import Callable
from datetime import UTC

import msgspec

from cockpit.app.terminal.options import TerminalOptions
from cockpit.app.terminal.preferences import Preferences, PreferencesFile, theme_at_start
from panels.frame.board import Board
from panels.kit.rows.arrangement import Arrangement, ListClock, Times
from panels.kit.rows.saved_filters import SavedFilters
from panels.kit.theme import NAMES


class ScreenChoices:
    """``board`` is asked for once it is on the screen. Without a file everything is forgotten at the end."""

    def __init__(self, file: PreferencesFile | None, options: TerminalOptions, board: Callable[[], Board]) -> None:
        self._file = file
        self._board = board
        self._chosen = Preferences() if file is None else file.read()
        self.theme, problem = theme_at_start(options.theme, self._chosen.theme, options.colours)
        """The theme to start with."""
        self.problems = [each for each in (problem, "" if file is None else file.problem) if each]
        """What is wrong with the theme that was asked for, and with the file."""
        self.zoomed = self._chosen.zoomed
        self._clock = ListClock(self._chosen.times, None if options.local_times else UTC)

    def restore(self) -> str:
        """Arrange the board as it was; return the panel to show."""
        board = self._board()
        board.pick(self._chosen.picked)
        for panel in board.panels:
            panel.show_times(self._clock)
            panel.arrange_list(self._chosen.lists.get(panel.id or "", Arrangement()))
            panel.restore_filters(self._chosen.filters.get(panel.id or "", SavedFilters()))
        return self._chosen.panel or board.shown

    def toggle_times(self) -> None:
        """Show times instead of ages, or ages again."""
        times: Times = "ages" if self._clock.times == "times" else "times"
        self._clock = ListClock(times, self._clock.zone)
        for panel in self._board().panels:
            panel.show_times(self._clock)
        self.keep()

    def use_theme(self, name: str) -> None:
        """Keep the theme with this name of Textual's."""
        word = next((word for word, theme in NAMES.items() if theme == name), "")
        self._chosen = msgspec.structs.replace(self._chosen, theme=word)
        self.keep()

    def keep(self) -> None:
        """Keep what is on the screen for the next cockpit."""
        board = self._board()
        arranged = {panel.id or "": panel.arranger.arrangement for panel in board.panels}
        filters = {panel.id or "": panel.filter_line.saved for panel in board.panels}
        self._chosen = Preferences(
            theme=self._chosen.theme,
            panel=board.shown,
            picked=board.picked,
            zoomed=self.zoomed,
            times=self._clock.times,
            lists={ident: each for ident, each in arranged.items() if each != Arrangement()},
            filters={ident: each for ident, each in filters.items() if each != SavedFilters()},
        )
        if self._file is not None:
            self._file.write(self._chosen)
