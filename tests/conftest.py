"""Fixtures that every folder of tests may use: a real service in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service import Service

pytest_plugins = ("tests.plugins.groups",)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the whole run; tests keep apart by using tenants of their own."""
    with Service(tmp_path_factory.mktemp("server") / "data") as service:
        yield service


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start services with settings of their own; whatever still runs is stopped at the end."""
    started: list[Service] = []

    def start(data: Path | None = None, **settings: object) -> Service:
        service = Service(data or tmp_path / "data", **settings)
        started.append(service)
        return service.start()

    yield start
    for service in started:
        service.stop()
