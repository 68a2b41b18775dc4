import pytest

from buildopt.model import MissReason, NotStored
from buildopt.phrases import miss_phrase, not_stored_phrase


@pytest.mark.parametrize(
    ("kind", "subject", "text"),
    [
        ("file-changed", "src/a.c", "`src/a.c` changed"),
        ("no-record", "task", "No record of this command here yet"),
        ("command", "arguments", "No record with these arguments yet"),
        ("settings", "task", "Recorded only with other settings"),
        ("settings", "streams", "Recorded only with other kinds of output streams"),
        ("settings", "moon", "Recorded only with another `moon`"),
    ],
)
def test_miss_is_told_as_a_sentence(kind, subject, text):
    assert miss_phrase(MissReason(kind=kind, subject=subject)).text == text


@pytest.mark.parametrize(
    ("kind", "subject", "text"),
    [
        ("signal", "2", "it was ended by `SIGINT`"),
        ("signal", "99", "it was ended by `signal 99`"),
        ("signal", "SIGTERM", "it was asked to end by `SIGTERM`"),
        ("settings", "cache", "the cache is off for it"),
    ],
)
def test_reason_against_a_record_goes_on_behind_a_colon(kind, subject, text):
    assert not_stored_phrase(NotStored(kind=kind, subject=subject)).text == text
