import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildopt.model import MissReason
from buildopt.secrets_found import MASK, as_bytes, masked, names_in, secrets_of

LONG = "0123456789abcdef"


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("NPM_TOKEN", True),
        ("db_password", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("STRIPE_API_KEY", True),
        ("GOOGLE_APPLICATION_CREDENTIALS", True),
        ("VITE_API_KEY", False),
        ("NEXT_PUBLIC_MAPS_TOKEN", False),
        ("PATH", False),
    ],
)
def test_a_secret_is_told_by_its_name(name, is_secret):
    assert (name in secrets_of({name: LONG})) == is_secret


def test_a_short_value_is_no_secret():
    assert secrets_of({"USE_TOKEN": "1234567"}) == {}


def test_names_of_the_values_that_were_found():
    secrets = {"A_TOKEN": LONG, "B_TOKEN": "another value", "C_TOKEN": "bytes \udcff \udcfe"}

    assert names_in(secrets, {b"0123456789abcdef", b"bytes \xff \xfe"}) == ("A_TOKEN", "C_TOKEN")


def test_a_value_is_masked_wherever_a_text_is():
    reason = MissReason(kind="command", subject="arguments", before=f"x {LONG}", after=LONG)

    told = masked({"reasons": (reason,), "command": ("curl", LONG), "n": 1}, {"T": LONG})

    hidden = reason._replace(before=f"x {MASK}", after=MASK)
    assert told == {"reasons": (hidden,), "command": ("curl", MASK), "n": 1}


def test_a_secret_that_holds_another_one_is_masked_whole():
    assert masked(f"<{LONG}more>", {"A": LONG, "B": f"{LONG}more"}) == f"<{MASK}>"


@given(st.text(min_size=8), st.text())
def test_no_text_keeps_a_value_and_no_other_text_changes(value, text):
    told = masked(text + value, {"S": value})

    assert value not in told or value in MASK or MASK in value
    assert masked(text, {}) == text
    assert as_bytes(value).decode("utf-8", "surrogateescape") == value
