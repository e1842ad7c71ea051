from tests.support.history.small_reader import reader

__all__ = ["reader"]
