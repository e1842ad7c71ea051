"""What a search of the machines tries is the same in every run, whatever else its process has loaded."""

from collections.abc import Iterator

import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


@pytest.fixture(autouse=True)
def no_constants_of_loaded_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hypothesis draws numbers that stand in the modules loaded so far, so that other tests would change the search."""
    providers.CONSTANTS_CACHE.cache.clear()
    monkeypatch.setattr(providers.HypothesisProvider, "_local_constants", Constants())
    yield
    providers.CONSTANTS_CACHE.cache.clear()
