"""The live grid in a running app: the row under the cursor stands still, and only what changed is drawn again."""

import random
from collections.abc import Iterable

from textual.app import App, ComposeResult
from textual.geometry import Region

from panels.kit.rows.cells import Cell, Column, GridRow
from panels.kit.rows.grid import LiveGrid

COLUMNS = (Column("id", 6), Column("value", 8, "right"))


class Watched(LiveGrid):
    """Remembers what it was asked to draw again; None is the whole."""

    def __init__(self) -> None:
        super().__init__(COLUMNS)
        self.drawn: list[Region | None] = []

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> "Watched":
        """Note it, then do it."""
        if hasattr(self, "drawn"):
            self.drawn += regions or (None,)
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


class Holding(App[None]):
    """A grid and nothing else."""

    def compose(self) -> ComposeResult:
        yield Watched()


def rows(keys: Iterable[int], value: str = "1") -> list[GridRow]:
    """Rows with these keys, the newest first."""
    return [GridRow(f"row-{key}", (Cell(f"{key}"), Cell(value))) for key in keys]


def place(grid: LiveGrid) -> int:
    """The line of the screen the cursor is on."""
    return grid.cursor - grid.scroll_offset.y


async def test_only_rows_that_changed_are_drawn_again() -> None:
    app = Holding()
    async with app.run_test(size=(40, 12)) as pilot:
        grid = app.query_one(Watched)
        grid.show(rows(range(8, 0, -1)))
        await pilot.pause()
        grid.drawn.clear()
        grid.show(rows(range(8, 0, -1)))
        assert grid.drawn == [], "the same rows draw nothing"
        changed = rows(range(8, 0, -1))
        changed[2] = GridRow("row-6", (Cell("6"), Cell("2")))
        changed[5] = GridRow("row-3", (Cell("3"), Cell("2")))
        grid.show(changed)
        assert grid.drawn == [Region(0, 3, grid.size.width, 1), Region(0, 6, grid.size.width, 1)]
        below = rows(range(40, 0, -1))
        grid.show(below)
        await pilot.pause()
        grid.drawn.clear()
        below[30] = GridRow(below[30].key, (Cell("10"), Cell("2")))
        grid.show(below)
        assert grid.drawn == [], "what is scrolled out of sight draws nothing"


async def test_whatever_arrives_or_leaves_the_row_under_the_cursor_stands_still() -> None:
    chance = random.Random(20)
    app = Holding()
    async with app.run_test(size=(40, 12)) as pilot:
        grid = app.query_one(Watched)
        newest, oldest = 30, 1
        last_seen = newest
        grid.show(rows(range(newest, oldest - 1, -1)))
        await pilot.pause()
        for _ in range(150):
            last_seen = newest if grid.following else last_seen
            if chance.random() < 0.2:
                grid.move(chance.choice((-5, -2, -1, 1, 1, 3)))
                await pilot.pause()
            key, line, following = grid.cursor_key, place(grid), grid.following
            arriving = chance.choice((0, 0, 1, 2, 7))
            newest += arriving
            oldest = max(oldest, newest - 59)
            grid.show(rows(range(newest, oldest - 1, -1), value=str(chance.randint(1, 3))))
            if following:
                assert grid.cursor_key == f"row-{newest}"
            else:
                assert (grid.cursor_key, place(grid)) == (key, line)
                if newest - 59 <= last_seen:
                    assert grid.behind == newest - last_seen
            if chance.random() < 0.03:
                grid.follow()
                await pilot.pause()
                assert (grid.cursor_key, grid.scroll_offset.y, grid.behind) == (f"row-{newest}", 0, 0)


async def test_a_row_that_is_no_longer_listed_stays_under_the_cursor_in_grey() -> None:
    app = Holding()
    async with app.run_test(size=(40, 12)) as pilot:
        grid = app.query_one(Watched)
        grid.show(rows(range(9, 0, -1)))
        await pilot.pause()
        grid.move(0)
        grid.move(3)
        assert grid.cursor_key == "row-6"
        grid.show(rows(key for key in range(10, 0, -1) if key != 6))
        await pilot.pause()
        assert grid.cursor_key == "row-6"
        assert {cell.role for cell in grid.rows[grid.cursor].cells} == {"muted"}
        grid.follow()
        grid.show(rows(key for key in range(11, 0, -1) if key != 6))
        assert "row-6" not in {row.key for row in grid.rows}


class Wrapping(App[None]):
    """A grid whose second column breaks its warnings."""

    def compose(self) -> ComposeResult:
        yield LiveGrid((Column("id", 6), Column("value", 8, grow=True, wraps=True)))


async def test_keys_go_from_row_to_row_however_many_lines_each_has() -> None:
    words = " ".join(["word"] * 12)
    app = Wrapping()
    async with app.run_test(size=(24, 6)) as pilot:
        grid = app.query_one(LiveGrid)
        texts = (words if key % 2 else "short" for key in range(9))
        given = [GridRow(f"row-{key}", (Cell(f"{key}"), Cell(text, "warn"))) for key, text in enumerate(texts)]
        grid.show(given)
        await pilot.pause()
        grid.show(given)
        assert [row.key for row in grid.rows] == [row.key for row in given]
        shown = [text.strip() for _, column, texts in grid.visible_texts() if column.title == "value" for text in texts]
        assert words in " ".join(shown)
        grid.move(1)
        for step in (grid.move, grid.page):
            grid.pick()
            seen = [grid.cursor_key]
            while not grid.at_last:
                step(1)
                assert grid.cursor_key not in seen
                seen.append(grid.cursor_key)
            if step == grid.move:
                assert seen == [row.key for row in given]
            while grid.cursor:
                before = grid.cursor
                step(-1)
                assert grid.cursor < before
        grid.oldest()
        assert grid.cursor_key == "row-8"
        # The whole of a row that the cursor comes to is in sight.
        grid.move(-1)
        assert grid.scroll_offset.y <= grid.cursor
