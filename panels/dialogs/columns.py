"""Which columns a list shows: chosen while the list behind follows."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.widget import Widget

from panels.dialogs import messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog
from panels.kit.form_fields import FormToggle
from panels.kit.rows.arrangement import Arrangement


class ColumnsDialog(Dialog[None]):
    """``use`` takes every new arrangement at once. The last column stays."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "app.focus_previous", show=False),
        Binding("down,j", "app.focus_next", show=False),
        Binding("enter,q", "back", show=False),
    ]

    def __init__(
        self,
        desk: DeskPort,
        title: str,
        columns: Sequence[str],
        arrangement: Arrangement,
        use: Callable[[Arrangement], None],
    ) -> None:
        super().__init__(desk, f"Columns of {title}")
        self._columns = tuple(columns)
        self._arrangement = arrangement
        self._use = use

    def body(self) -> Iterable[Widget]:
        for name in self._columns:
            yield FormToggle(name, on=name not in self._arrangement.left_out)

    def own_keys(self) -> Iterable[str]:
        yield messages.SPACE_TOGGLES

    def on_form_toggle_changed(self, event: FormToggle.Changed) -> None:
        event.stop()
        left_out = tuple(toggle.word for toggle in self.query(FormToggle) if not toggle.on)
        if len(left_out) == len(self._columns):
            event.toggle.turn()
            self.answer_key(messages.LAST_COLUMN)
            return
        self._arrangement = msgspec.structs.replace(self._arrangement, left_out=left_out)
        self._use(self._arrangement)
