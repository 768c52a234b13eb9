"""Points at which a printed or expected statement fails, as `dssl falsify` found and shrank them from a cold start.

Each is a named point of the statement's check, so that every run measures it again.
"""

from theory.domain import Point

WITNESSES: dict[str, Point] = {}


def found(key: str) -> list[Point]:
    """The witness of a statement, in a list; none for a statement that was not attacked yet."""
    return [WITNESSES[key]] if key in WITNESSES else []
