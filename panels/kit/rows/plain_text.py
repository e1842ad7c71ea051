"""Widgets for text that came from anywhere: drawn as it stands, without markup, and with marks for what a terminal
would act on. No other widget of ours draws a text as a whole. A ``Text`` was made of clean cells, by ``Dialog.styled``.
"""

from rich.text import Text
from textual.visual import VisualType
from textual.widgets import Label, Static

from cockpit.model.printable import printable


def _clean(content: VisualType) -> VisualType:
    return printable(content, lines=True) if isinstance(content, str) else content


class PlainText(Static):
    def __init__(self, content: str | Text = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(_clean(content), id=id, classes=classes, markup=False)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        super().update(_clean(content), layout=layout)


class PlainLabel(Label):
    def __init__(self, content: str | Text, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(_clean(content), id=id, classes=classes, markup=False)

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        super().update(_clean(content), layout=layout)
