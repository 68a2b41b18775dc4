"""The API under schemathesis: whatever is asked, no 500, and every answer as the document says."""

import subprocess
import sys

import pytest

from tests.unit.dashboard.conftest import TOKEN, full, server

pytest.importorskip("schemathesis")
pytestmark = [pytest.mark.projects, pytest.mark.timeout(240)]
fixtures = (full, server)
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_schema_conformance",
)  # fmt: skip


def test_no_contract_is_broken(server):
    url = f"{server.url}/api/v1/openapi.json"
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", url, "--url", server.url,
            "-H", f"Authorization: Bearer {TOKEN}", "--checks", ",".join(CHECKS),
            "--max-examples", "15", "--exclude-path", "/api/v1/stream", "--seed", "1",
            "--phases", "examples,coverage,fuzzing", "--no-color", "--max-failures", "5",
        ],
        capture_output=True, text=True, check=False, timeout=220,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
