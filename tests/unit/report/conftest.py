"""Events made by hand, as a journal would hold them."""

import pytest

from buildopt.events import CacheLookup, CacheStored, Event, RunFinished, StoredOutput, data_of
from buildopt.model import MissReason, NotStored

START_NS = 1_795_534_274_000_000_000
MINUTE_NS = 60_000_000_000


class Story:
    """Runs of one project, told in order and read newest first."""

    def __init__(self):
        self.events = []

    def tell(self, record, run_id):
        time_ns = START_NS + len(self.events) * MINUTE_NS
        self.events.append(
            Event(
                id=f"id-{len(self.events)}",
                time_ns=time_ns,
                mono_ns=0,
                boot="boot",
                type=record.type,
                source="/host/project/1",
                run=run_id,
                n=1,
                data=data_of(record),
            )
        )

    def ran(self, run_id="run", **values):
        """An executed run of the task `build`, unless told otherwise."""
        known = {
            "run_id": run_id,
            "task": "build",
            "command": ("./build.sh",),
            "directory": "/p",
            "outcome": "executed",
            "exit_code": 0,
            "duration_s": 2.0,
            "root": "/p",
            "project": "project",
        }
        self.tell(RunFinished(**{**known, **values}), run_id)

    def stored(self, *outputs, run_id="run", record="record", left_out=0):
        rows = tuple(StoredOutput(path=p, kind=kind, bytes=b) for p, kind, b in outputs)
        self.tell(
            CacheStored(
                task="build", record=record, entry="e", outputs=rows, outputs_left_out=left_out
            ),
            run_id,
        )

    def missed(self, *subjects, run_id="run", left_out=0):
        reasons = tuple(
            MissReason(kind="file-changed", subject=s, before="aa", after="bb") for s in subjects
        )
        self.tell(
            CacheLookup(
                task="build", result="miss", miss_reasons=reasons, reasons_left_out=left_out
            ),
            run_id,
        )

    def failed(self, run_id="run", exit_code=3):
        reason = NotStored(kind="failed", subject=str(exit_code))
        self.ran(run_id, exit_code=exit_code, not_stored=(reason,))

    @property
    def newest_first(self):
        return list(reversed(self.events))


@pytest.fixture
def story():
    return Story()
