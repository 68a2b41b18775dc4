"""Events survive their JSON, whatever their fields hold."""

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildopt import events
from buildopt.events import (
    CacheEvicted,
    CacheLookup,
    CacheStored,
    DamageFound,
    Event,
    HealthChanged,
    RunFinished,
    StoredOutput,
    TaskFinished,
    TaskResult,
)
from buildopt.model import MissReason, NotStored

text = st.text(max_size=30) | st.just("bytes \udcff \n \0")
reasons = st.lists(
    st.builds(MissReason, kind=st.just("file-changed"), subject=text, before=text, after=text),
    max_size=3,
).map(tuple)
not_stored = st.lists(st.builds(NotStored, kind=st.just("failed"), subject=text)).map(tuple)
seconds = st.floats(0, 1e6, allow_nan=False)
task = {
    "task": text,
    "command": st.lists(text, max_size=3).map(tuple),
    "directory": text,
    "outcome": st.just("executed"),
    "exit_code": st.integers(0, 255),
    "stored": st.booleans(),
    "not_stored": not_stored,
    "miss_reasons": reasons,
    "duration_s": seconds,
}
RECORDS = st.one_of(
    st.builds(
        RunFinished, run_id=text, hit_ratio=st.none(),
        tasks=st.lists(st.builds(TaskResult, **task), max_size=2).map(tuple), **task,
    ),
    st.builds(TaskFinished, **task),
    st.builds(CacheLookup, task=text, result=st.just("miss"), miss_reasons=reasons),
    st.builds(
        CacheStored, task=text, record=text, entry=text,
        outputs=st.lists(
            st.builds(StoredOutput, path=text, kind=st.just("file"), bytes=st.integers(0)),
            max_size=3,
        ).map(tuple),
    ),
    st.builds(
        CacheEvicted, records=st.integers(0), files=st.integers(0), bytes_freed=st.integers(0),
        limit_bytes=st.integers(0),
    ),
    st.builds(DamageFound, subject=text, action=text),
    st.builds(
        HealthChanged, component=text, status=st.sampled_from(("pass", "warn", "fail")),
        before=text, observed=st.none() | st.floats(allow_nan=False), output=text,
    ),
)  # fmt: skip


def envelope(record):
    return Event(
        id="1",
        time_ns=2,
        mono_ns=3,
        boot="b",
        type=record.type,
        source="/h/p/1",
        subject="",
        run="r",
        n=1,
        data=events.data_of(record),
    )


@given(RECORDS)
def test_every_record_survives_the_journal(record):
    event = events.decode(events.encode(envelope(record)))

    assert events.record_of(event) == record


def test_every_type_is_tested_above():
    assert set(events.TYPES) == {
        RunFinished.type,
        TaskFinished.type,
        CacheLookup.type,
        CacheStored.type,
        CacheEvicted.type,
        DamageFound.type,
        HealthChanged.type,
    }


def test_a_run_ended_by_a_signal_has_no_exit_code_in_its_data():
    record = RunFinished(
        run_id="r", task="t", command=("t",), directory="/", outcome="executed", exit_code=130,
        signal=2,
    )  # fmt: skip

    data = events.data_of(record)

    assert data["signal"] == 2
    assert "exit_code" not in data
    assert events.record_of(envelope(record)) == record


def test_the_result_has_the_fields_of_the_contract():
    record = RunFinished(
        run_id="r", task="t", command=("t",), directory="/", outcome="fresh", exit_code=0
    )

    assert set(events.data_of(record)) >= {
        "schema", "run_id", "task", "command", "directory", "outcome", "exit_code", "stored",
        "not_stored", "miss_reasons", "observer", "duration_s", "time_saved_s", "lookup_s",
        "restore_s", "inputs", "outputs", "cpu_s", "peak_memory_bytes",
    }  # fmt: skip
    assert set(events.data_of(record)["inputs"]) == {
        "files", "absent", "listings", "links", "variables",
    }  # fmt: skip


def test_an_event_that_is_too_long_is_cut_and_the_cut_counted():
    outputs = tuple(StoredOutput(path="x" * 100, kind="file", bytes=n) for n in range(5_000))
    record = CacheStored(task="t", record="r", entry="e", outputs=outputs)

    payload = events.encode(envelope(record))

    assert len(payload) <= events.EVENT_LIMIT_BYTES
    kept = events.record_of(events.decode(payload))
    assert len(kept.outputs) + kept.outputs_left_out == 5_000


def test_of_tasks_the_many_reasons_go_before_a_task_does():
    reasons = tuple(MissReason(kind="file-changed", subject=f"{n:0100}") for n in range(1_000))
    tasks = tuple(
        TaskResult(
            task=f"task {n}", command=("sh", "-c", "x"), directory="/", outcome="executed",
            exit_code=0, stored=True, miss_reasons=reasons[: 1_000 if n else 1],
        )
        for n in range(100)
    )  # fmt: skip
    record = RunFinished(
        run_id="r", task="t", command=("t",), directory="/", outcome="executed", exit_code=0,
        tasks=tasks, hit_ratio=0.0,
    )  # fmt: skip

    payload = events.encode(envelope(record))

    assert len(payload) <= events.EVENT_LIMIT_BYTES
    kept = json.loads(payload)["data"]["tasks"]
    assert [row["task"] for row in kept] == [task.task for task in tasks]
    assert all(row["command"] == ["sh", "-c", "x"] and row["miss_reasons"] for row in kept)
    assert kept[1]["miss_reasons_left_out"] + len(kept[1]["miss_reasons"]) == 1_000
    assert "miss_reasons_left_out" not in kept[0]


def test_more_tasks_than_an_event_holds_are_counted():
    task = TaskResult(
        task="t" * 100, command=("true",), directory="/", outcome="fresh", exit_code=0, stored=False
    )
    record = RunFinished(
        run_id="r", task="t", command=("t",), directory="/", outcome="fresh", exit_code=0,
        tasks=(task,) * 1_000, hit_ratio=1.0,
    )  # fmt: skip

    data = json.loads(events.encode(envelope(record)))["data"]

    assert len(data["tasks"]) + data["tasks_left_out"] == 1_000


def test_unknown_fields_and_types_of_a_newer_version_are_no_trouble():
    newer = json.loads(events.encode(envelope(DamageFound(subject="s", action="a"))))
    newer["data"]["added_later"] = 1
    newer["added_later"] = 1

    assert events.record_of(events.decode(json.dumps(newer).encode())) is not None
    newer["type"] = "buildopt.later.happened"
    assert events.record_of(events.decode(json.dumps(newer).encode())) is None


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{}", b'{"type":1}', b'{"type":"x"}', b"nonsense"]
)
def test_what_is_no_event_is_a_value_error(payload):
    with pytest.raises(ValueError):  # any of them
        events.decode(payload)


def test_field_names_of_the_envelope_are_those_of_cloudevents():
    names = set(json.loads(events.encode(envelope(DamageFound(subject="s", action="a")))))

    assert {"id", "source", "type", "time"} <= names
    assert len(fields(Event)) >= len(names)
