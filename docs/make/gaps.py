"""What the code does not do yet, from the one table that says so."""

from docs.make.pictures import DOCS

HEADING = "### What the code does not do yet\n\n"


def gap_table() -> str:
    """The rows of architecture.md; ValueError when they are not where they were."""
    _, found, rest = (DOCS / "architecture.md").read_text("utf-8").partition(HEADING)
    table, _, _ = rest.partition("\n\n")
    if not found or not table.startswith("| rule | gap |\n"):
        raise ValueError("architecture.md has no table of what the code does not do yet")
    return f"{table}\n"
