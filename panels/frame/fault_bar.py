"""The line of faults: they stay in sight until somebody says that they were seen."""

from panels.kit.cells import Cell, Line
from panels.kit.text_lines import LineView


def faults_line(faults: tuple[str, ...]) -> Line | None:
    """The newest fault, how many there are, and the key that acknowledges them; None while there is none."""
    if not faults:
        return None
    count = f"{len(faults)} faults, the last: " if len(faults) > 1 else ""
    return (
        Cell(" ! FAULT ", "alarm"),
        Cell(" a", "accent"),
        Cell(" acknowledges · ", "muted"),
        Cell(count + faults[-1]),
    )


class FaultBar(LineView):
    """There only while there is a fault."""

    def paint(self, faults: tuple[str, ...]) -> None:
        """Show it, or make room."""
        line = faults_line(faults)
        self.display = line is not None
        self.show([line] if line is not None else [])
