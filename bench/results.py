"""Numbers of all rounds, and what they come to."""

from __future__ import annotations

import statistics
from collections import defaultdict


class Results:
    """What was measured on one kind of disk: by service and key, one value a round."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, list[float]]] = defaultdict(dict)

    def add(self, service: str, key: str, value: float) -> None:
        """Keep one more value."""
        self._values[service].setdefault(key, []).append(value)

    def median(self, service: str, key: str) -> float | None:
        """Return the median over the rounds, or ``None`` when it was not measured."""
        values = self._values[service].get(key)
        return statistics.median(values) if values else None

    def last(self, service: str, key: str) -> float:
        """Return the latest value.

        Raises:
            KeyError: If there is none.
        """
        return self._values[service][key][-1]

    def spread(self, service: str, key: str) -> tuple[float, float] | None:
        """Return the least and the greatest of the rounds."""
        values = self._values[service].get(key)
        return (min(values), max(values)) if values else None

    def keys(self, service: str, prefix: str) -> list[str]:
        """List the keys below *prefix* in the order in which they came."""
        return [key for key in self._values[service] if key.startswith(prefix)]

    def as_json(self) -> dict[str, dict[str, list[float]]]:
        """Return all values as they came."""
        return {service: dict(values) for service, values in self._values.items()}
