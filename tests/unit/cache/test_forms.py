"""What the cache writes is read back as it was: streams, tokens, records."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildopt.cache import streams
from buildopt.cache.artifacts import Damaged
from buildopt.cache.layout import Layout
from buildopt.cache.records import Records
from buildopt.cache.tokens import Tokens, tokens_for
from buildopt.model import CacheEntry, Chunk, Observation, OutputState, Task, Trace, Usage

CHUNKS = st.lists(
    st.builds(
        lambda name, data: Chunk(stream=name, data=data),
        st.sampled_from(["stdout", "stderr", "joined"]),
        st.binary(max_size=40),
    ),
    max_size=6,
)
PLACES = Tokens((("$PROJECT", "/home/u/p"), ("$HOME", "/home/u"), ("$TMP", "/tmp")))
TEXTS = st.lists(
    st.sampled_from(["/home/u/p", "/home/u", "/tmp", "$PROJECT", "$", "$$", "/", "x", ":"]),
    max_size=6,
).map("".join)


@given(CHUNKS, st.integers(-5, 5))
def test_streams_survive(chunks, moved):
    assert streams.unpack(streams.pack(chunks, moved)) == (tuple(chunks), moved)


@given(CHUNKS, st.integers(1, 5))
def test_streams_cut_short_are_told(chunks, cut):
    packed = streams.pack([*chunks, Chunk(stream="stdout", data=b"more than is cut")])

    with pytest.raises(ValueError, match="lengths"):
        streams.unpack(packed[:-cut])


@given(TEXTS, TEXTS)
def test_two_texts_never_have_the_same_short_form(one, other):
    assert one == other or PLACES.shorten_text(one) != PLACES.shorten_text(other)


@given(st.sampled_from(["/home/u/p", "/home/u", "/tmp", "/home/uu", "/etc"]), TEXTS)
def test_paths_survive(folder, rest):
    path = f"{folder}/{rest}".rstrip("/")

    assert PLACES.expand(PLACES.shorten(path)) == path


@pytest.fixture
def record(tmp_path):
    root = str(tmp_path / "project")
    task = Task(
        name="t", argv=("make",), directory=root, root=root, project="p", environment={}, umask=0,
        key="k",
    )  # fmt: skip
    odd = root + "/" + os.fsdecode(b"\xff\n odd")
    entry = CacheEntry(
        key="", exit_code=0, removed=(), streams_digest="d", bound_to="",
        outputs=(OutputState(kind="file", path=odd, digest="a", fast_digest="b", size_bytes=3),),
        usage=Usage(duration_s=1.0, cpu_s=0.5, peak_memory_bytes=7),
    )  # fmt: skip
    trace = Trace(
        key="", task_key="k", entry_key="", recorded_ns=1, run_id="r", shape="o",
        observations=(Observation(kind="absent", subject=odd, value=""),),
    )  # fmt: skip
    records = Records(Layout(str(tmp_path / "cache")), tokens_for(root, {}))
    return records, task, records.record(task, trace, entry), entry


def test_record_survives_with_names_of_any_bytes(record):
    records, task, trace, entry = record

    assert records.read_trace(task, trace.key) == trace
    assert records.read_entry(trace.entry_key) == entry._replace(key=trace.entry_key)


@pytest.mark.parametrize("part", ["trace", "entry"])
def test_record_with_any_byte_changed_is_damaged_and_goes(record, part):
    records, task, trace, _ = record
    path = records.path(task, trace.key)
    if part == "entry":
        path = records.layout.entry(trace.entry_key)
    with open(path, "rb") as file:
        good = file.read()
    for at in range(len(good)):
        with open(path, "wb") as file:
            file.write(good[:at] + bytes([good[at] ^ 0x20]) + good[at + 1 :])

        with pytest.raises(Damaged):
            if part == "trace":
                records.read_trace(task, trace.key)
            else:
                records.read_entry(trace.entry_key)
        assert not os.path.exists(path)
