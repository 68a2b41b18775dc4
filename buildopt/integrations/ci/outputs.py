"""A job's figures as lines of `GITHUB_OUTPUT`."""

from __future__ import annotations

from buildopt.integrations.ci.view import JobView


def render(job: JobView) -> str:
    """`cache-hit` (`true` where each run was answered), `time-saved-ms`, `total-size` (bytes)."""
    return (
        f"cache-hit={'true' if job.is_hit else 'false'}\n"
        f"time-saved-ms={round(job.time_saved_s * 1000)}\n"
        f"total-size={job.output_bytes}\n"
    )
