"""The operator's address book: labels for addresses that withdrawals go to. Pure.

A label saves typing and nothing else: the review shows the whole address, a new one cools off, its end is typed again.
"""

from collections.abc import Mapping, Sequence

import msgspec

MAX_ENTRIES = 200
MAX_LABEL = 32
MAX_ADDRESS = 128


class BookEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An address for an asset, by the asset's symbol."""

    label: str
    asset: str
    address: str


class AddressBook(msgspec.Struct, frozen=True):
    """``problems``: the entries that are ignored, and why."""

    entries: tuple[BookEntry, ...] = ()
    problems: tuple[str, ...] = ()

    def of(self, asset: str) -> Mapping[str, str]:
        """Return the addresses for an asset by their labels."""
        return {entry.label: entry.address for entry in self.entries if entry.asset == asset}

    def label_of(self, asset: str, address: str) -> str:
        """Return the label of an address; empty where the book does not name it."""
        return next((label for label, known in self.of(asset).items() if known == address), "")


def read_book(given: object) -> AddressBook:
    """Read what the file says: a list ``address`` of tables with ``label``, ``asset`` and ``address``."""
    rows = given.get("address") if isinstance(given, Mapping) else None
    if rows is None:
        return AddressBook()
    if not isinstance(rows, list) or len(rows) > MAX_ENTRIES:
        return AddressBook(problems=(f"expected at most {MAX_ENTRIES} tables [[address]]",))
    entries: list[BookEntry] = []
    problems: list[str] = []
    for number, row in enumerate(rows, start=1):
        problem = _problem(row, entries)
        if problem:
            problems.append(f"address {number}: {problem}; it is ignored")
        else:
            entries.append(BookEntry(label=row["label"], asset=row["asset"], address=row["address"]))
    return AddressBook(tuple(entries), tuple(problems))


def _problem(row: object, entries: Sequence[BookEntry]) -> str:
    if not isinstance(row, Mapping) or set(row) != {"label", "asset", "address"}:
        return "expected label, asset and address"
    label, asset, address = row["label"], row["asset"], row["address"]
    if not all(isinstance(text, str) for text in (label, asset, address)):
        return "label, asset and address are texts"
    if not 0 < len(label) <= MAX_LABEL or not label.isprintable() or label != label.strip():
        return f"a label has 1 to {MAX_LABEL} characters"
    if not 0 < len(asset) <= MAX_LABEL or not asset.isprintable():
        return f"an asset has 1 to {MAX_LABEL} characters"
    if not (address.isascii() and address.isprintable() and 0 < len(address) <= MAX_ADDRESS and " " not in address):
        return "an address is one word of letters and digits"
    if any(entry.label == label and entry.asset == asset for entry in entries):
        return f"{label} names an address for {asset} already"
    return ""
