"""A trace that is told not to hold by its text alone does not hold."""

import json

import pytest

from buildopt.cache.sealed_trace import SealedTrace, fact

OLD, NEW = "0" * 32 + "+644", "1" * 32 + "+644"
PATH = "$PROJECT/src/a"


def sealed(**observations):
    raw = {"entry": "ab12", **observations}
    return SealedTrace("name", json.dumps(raw, separators=(",", ":")).encode("ascii"))


@pytest.mark.parametrize("now", [NEW, "0" * 32 + "+755", None])
@pytest.mark.parametrize("kind", ["file", "tool"])
def test_another_content_contradicts(kind, now):
    trace = sealed(**{kind: {"$PROJECT/b": NEW, PATH: OLD}})

    assert trace.contradicts(dict([fact(PATH, now)]))


@pytest.mark.parametrize("value", [OLD, f"{OLD}|{NEW}", f"|{OLD}", f"{OLD}@17", "present", ""])
def test_what_may_hold_does_not(value):
    trace = sealed(file={PATH: value})

    assert not trace.contradicts(dict([fact(PATH, OLD)]))


@pytest.mark.parametrize(
    "value", [f"{OLD}|{OLD}", f"|{OLD}", f"{OLD}@17", "present", "present+644"]
)
def test_what_may_hold_with_another_content_does_not(value):
    trace = sealed(file={PATH: value})

    assert not trace.contradicts(dict([fact(PATH, NEW)]))


def test_other_path_with_the_same_end_is_another_one():
    assert not sealed(file={"x" + PATH: OLD, PATH + "b": OLD}).contradicts(dict([fact(PATH, NEW)]))


def test_every_kind_of_observation_of_the_path_is_looked_at():
    trace = sealed(absent={PATH: ""}, attributes={PATH: ""}, file={PATH: OLD})

    assert trace.contradicts(dict([fact(PATH, NEW)]))


def test_entry_is_read_from_the_text():
    assert sealed(file={PATH: OLD}).entry_key == "ab12"
    with pytest.raises(ValueError, match="no entry"):
        _ = SealedTrace("name", b"{}").entry_key
