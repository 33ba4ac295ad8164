"""Kill any process at any moment: no acknowledged event is lost, none is doubled."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fault.durability import Trial
from tests.service import new_tenant

KILLS = int(os.environ.get("PROVE_KILLS", "50"))
SEED = int(os.environ.get("PROVE_SEED", "1"))


@pytest.mark.timeout(120 + 15 * KILLS)
def test_every_acknowledged_event_is_there_once_after_kills(tmp_path: Path) -> None:
    trial = Trial(tmp_path / "data", tenant=new_tenant(), seed=SEED)
    try:
        asyncio.run(trial.run(KILLS))
        trial.judge()
        print(f"{KILLS} kills, {len(trial.journal.acknowledged)} acknowledged")  # noqa: T201
        print(f"answers: {dict(trial.journal.answers)}")  # noqa: T201
        assert len(trial.journal.acknowledged) > KILLS
    finally:
        trial.service.stop()
    verify = [sys.executable, "-m", "jobtrail", "verify", "--data", str(tmp_path / "data")]
    result = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
