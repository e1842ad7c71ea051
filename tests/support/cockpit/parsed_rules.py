"""The style sheets of an app, parsed once a process: each app of a test would parse all of them anew."""

from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet

_parse = Stylesheet._parse_rules
_parsed: dict[object, Any] = {}


def _parse_once(sheet: Stylesheet, css: str, *args: Any, **kwargs: Any) -> Any:
    key = (css, args, tuple(kwargs.items()), frozenset(sheet._variables.items()))
    if key not in _parsed:
        _parsed[key] = _parse(sheet, css, *args, **kwargs)
    return _parsed[key]


@pytest.fixture(autouse=True)
def rules_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stylesheet, "_parse_rules", _parse_once)
