"""The private names of Textual that the cockpit uses still exist."""

from panels.kit.textual_internals import private_names


def test_every_private_name_of_textual_exists() -> None:
    gone = [
        f"{name.owner!r} has no {name.name} any more: it is used for {name.used_for}"
        for name in private_names()
        if not hasattr(name.owner, name.name)
    ]
    assert not gone, "panels/kit/textual_internals.py needs work for this Textual:\n" + "\n".join(gone)
