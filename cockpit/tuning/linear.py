"""Small systems of linear equations. Statistics are floats here: they move no money and no quote waits for them."""

from collections.abc import Sequence

Vector = list[float]
Matrix = list[list[float]]


def zeros(size: int) -> Matrix:
    return [[0.0] * size for _ in range(size)]


def dot(left: Sequence[float], right: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def add_scaled(total: Vector, scale: float, row: Sequence[float]) -> None:
    """Add ``scale`` times the row to the total, in place."""
    for place, value in enumerate(row):
        total[place] += scale * value


def add_outer(total: Matrix, weight: float, row: Sequence[float]) -> None:
    """Add ``weight`` times the row's square to the total, in place."""
    for place, value in enumerate(row):
        add_scaled(total[place], weight * value, row)


def solve(matrix: Matrix, right: Sequence[float]) -> Vector:
    """Solve a system whose matrix is positive definite, as those with a ridge are."""
    size = len(right)
    rows = [[*matrix[place], right[place]] for place in range(size)]
    for pivot in range(size):
        for below in range(pivot + 1, size):
            add_scaled(rows[below], -rows[below][pivot] / rows[pivot][pivot], rows[pivot])
    found = [0.0] * size
    for place in reversed(range(size)):
        known = sum(rows[place][later] * found[later] for later in range(place + 1, size))
        found[place] = (rows[place][size] - known) / rows[place][place]
    return found
