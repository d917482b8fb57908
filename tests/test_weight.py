"""What a process carries before its first request or job."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Each weighs tens of megabytes and is needed by few processes, some time after they begin.
HEAVY = ("ortools", "pandas", "scipy", "statsmodels", "alembic", "playwright")


@pytest.mark.parametrize("module", ["lti_app.jobs.consumer", "lti_app.cli"])
def test_a_new_process_loads_nothing_heavy_that_it_may_never_use(module: str) -> None:
    asked = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert set(HEAVY) & set(done.stdout.split()) == set()
