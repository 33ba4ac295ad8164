"""Outcome rows stay bounded, and no count is lost when they are folded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from jobtrail.eventlog import outcomes
from jobtrail.eventlog.database import connect_to_write, create, fetch
from jobtrail.eventlog.outcomes import OutcomeRow, Outcomes, client_label


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    create(tmp_path)
    connection = connect_to_write(tmp_path)
    connection.execute("BEGIN")  # as in the writer: one fsync for all
    yield connection
    connection.execute("ROLLBACK")
    connection.close()


def row(day: int = 20_000, tenant: str = "t", client: str = "c") -> OutcomeRow:
    return OutcomeRow(day, tenant, "admitted", "", "grpc/v4", client)


def counted(connection: apsw.Connection) -> tuple[int, int]:
    [found] = fetch(connection, "SELECT count(*), coalesce(sum(count), 0) FROM outcomes")
    return found[0], found[1]


@pytest.mark.parametrize(
    ("client", "label"),
    [
        ("gl-python/3.11.7 grpc/1.80.0 gax/2.30.0 gapic/2.20.0", "gl-python gapic/2.20.0"),
        ("gl-node/18.20.4 gax/5.0.1 gapic/7.1.0 gccl/7.1.0", "gl-node gapic/7.1.0"),
        ("gl-go/1.22 gccl/1.9", "gl-go gccl/1.9"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "Mozilla/5.0"),
        ("", ""),
        ("what is this", "other"),
        ("\ud800/1", "other"),
        ("x" * 60 + "/1.0", ("x" * 60)[:40]),
    ],
)
def test_a_client_is_named_shortly(client: str, label: str) -> None:
    assert client_label(client) == label


def test_clients_past_a_days_bound_are_counted_together(
    connection: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "DAY_ROWS_MAX", 10)
    counts = Outcomes(connection)
    for number in range(1_000):
        counts.add({row(client=f"client {number}"): 1})
    assert counted(connection) == (11, 1_000)


def test_tenants_past_a_days_bound_are_counted_together(
    connection: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "DAY_ROWS_MAX", 10)
    for batch in range(10):
        counts = Outcomes(connection)  # as after a restart: the bound is known from the table
        for number in range(100):
            counts.add({row(tenant=f"tenant {batch} {number}"): 2})
    assert counted(connection) == (21, 2_000)


def test_days_past_the_bound_are_merged_per_tenant(connection: apsw.Connection) -> None:
    counts = Outcomes(connection)
    for day in (100, 101, 102):
        for client in ("a", "b"):
            counts.add({row(day, "t", client): 1, row(day, "u", client): 1})
    counts.add({row(102 + outcomes.DAYS_KEPT, "t", "a"): 5})
    found = fetch(connection, "SELECT day, tenant, client, count FROM outcomes ORDER BY 1, 2, 3")
    assert found == [
        (0, "t", "", 4),
        (0, "u", "", 4),
        (102, "t", "a", 1),
        (102, "t", "b", 1),
        (102, "u", "a", 1),
        (102, "u", "b", 1),
        (502, "t", "a", 5),
    ]


def test_merged_tenants_are_bounded(
    connection: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MERGED_ROWS_MAX", 3)
    counts = Outcomes(connection)
    for day in range(1, 8):
        counts.add({row(day, f"t{day}"): 1})
        counts.add({row(day + outcomes.DAYS_KEPT + 1): 1})
    found = fetch(connection, "SELECT count(*), sum(count) FROM outcomes WHERE day = 0")
    assert found[0][0] <= 4
    assert found[0][1] == 7


def test_a_clock_that_jumps_to_and_fro_loses_no_count(connection: apsw.Connection) -> None:
    counts = Outcomes(connection)
    for _ in range(3):
        for day in (20_000, 1, 30_000, 2, 19_999):
            counts.add({row(day): 1})
    assert counted(connection)[1] == 15
