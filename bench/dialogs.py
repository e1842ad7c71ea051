"""The dialogs whose opening is timed: how each is opened, and by what its picture is known."""

import msgspec

ESCAPE = "\x1b"
LAST_PAINTED = "esc "
"""The line of keys on the lower edge of a dialog ends in what escape does."""


class TimedDialog(msgspec.Struct, frozen=True, kw_only=True):
    """``title`` begins the title in the frame. A dialog without a key of its own is opened by the palette's
    ``command``, which ``search`` finds. ``disarmed``: it opens only while nothing is armed.
    """

    kind: str
    key: str
    title: str
    search: str = ""
    command: str = ""
    disarmed: bool = False

    def shown(self, text: str) -> bool:
        """Return whether this text of a screen shows the dialog as a whole."""
        if self.kind == PALETTE.kind:
            return self.title in text
        return f"─ {self.title}" in text and LAST_PAINTED in text


PALETTE = TimedDialog(kind="palette", key="\x10", title="Search for commands")
DIALOGS = (
    TimedDialog(kind="help", key="?", title="Keys"),
    PALETTE,
    TimedDialog(kind="limits", key="l", title="Limits"),
    TimedDialog(kind="pricing", key="p", title="Pricing"),
    TimedDialog(kind="trading state", key="\x14", title="Trading state"),
    TimedDialog(kind="withdraw", key="w", title="Withdraw"),
    TimedDialog(kind="deposit", key="d", title="Deposit"),
    TimedDialog(kind="hard stop", key="\x0f", title="Hard stop"),
    TimedDialog(kind="note", key="N", title="Note"),
    TimedDialog(kind="history", key="H", title="History"),
    TimedDialog(kind="P&L since", key="s", title="P&L since"),
    TimedDialog(kind="columns", key="c", title="Columns of"),
    TimedDialog(kind="row", key="\r", title="Request: taker"),
    TimedDialog(kind="quit", key="q", title="Quit?"),
    TimedDialog(kind="track", key="\r", title="Track a", search="track a", command="Track a withdrawal"),
    TimedDialog(kind="signing key", key="\r", title="Signing key", search="signing", command="Signing key"),
    TimedDialog(kind="findings", key="\r", title="Startup", search="findings", command="Startup findings"),
    TimedDialog(kind="arm strategy", key="\x13", title="Arm the strategy", disarmed=True),
    TimedDialog(kind="arm executor", key="\x05", title="Arm the executor", disarmed=True),
)
