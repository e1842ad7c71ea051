"""Money out, proven: by killing, by faults, by seeds. The long runs: ``pytest -m slow tests/money`` (half an hour)."""
