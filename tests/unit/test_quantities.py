"""Numbers with their unit."""

import pytest

from buildopt.quantities import (
    change,
    counted,
    duration,
    exact_bytes,
    moment,
    parse_size,
    share,
    size,
)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0 s"),
        (0.0004853, "485 µs"),
        (0.0012, "1.2 ms"),
        (0.9994, "999 ms"),
        (0.9999, "1 s"),
        (2.4142, "2.41 s"),
        (99.96, "1 min 40 s"),
        (4320.0, "1 h 12 min"),
        (86_399.0, "23 h 59 min"),
        (483_720.0, "5 d 14 h"),
    ],
)
def test_a_duration_has_three_digits_and_a_unit(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("count_bytes", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (184_212, "184 kB"), (999_600, "1 MB")],
)
def test_a_size_counts_in_powers_of_a_thousand(count_bytes, shown):
    assert size(count_bytes) == shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (400_000, 412_400, "+12.4 kB, +3.1 %"),
        (501_116, 501_000, "−116 B, −0.0231 %"),
        (0, 12, "+12 B"),
        (7, 7, "±0"),
    ],
)
def test_a_change_says_direction_amount_and_share(before, after, shown):
    assert change(before, after, size) == shown


def test_words_follow_their_number():
    assert counted(1, "file") == "1 file"
    assert counted(1200, "file") == "1,200 files"
    assert exact_bytes(1) == "1 byte"
    assert share(0.625) == "62.5 %"
    assert share(9.996) == "1,000 %"
    assert share(15.31) == "1,531 %"
    assert share(-15.31) == "-1,531 %"


def test_a_moment_is_absolute():
    assert moment(1_795_534_274_999_999_999) == "2026-11-24 15:31:14 UTC"


@pytest.mark.parametrize(
    ("text", "count_bytes"),
    [
        ("4096", 4_096),
        ("500 MB", 500_000_000),
        ("10GB", 10_000_000_000),
        ("1.5 GiB", 1_610_612_736),
        (" 2 kb ", 2_000),
        ("1T", 10**12),
        ("7 B", 7),
    ],
)
def test_a_size_is_read_in_powers_of_a_thousand_or_with_an_i_of_1024(text, count_bytes):
    assert parse_size(text) == count_bytes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "GB",
        "ten GB",
        "1,5 GB",
        "1_0",
        "-5",
        "nan",
        "inf",
        "1e3",
        "5 XB",
        "1 GBB",
        "9" * 400,
        ".",
    ],
)
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError):
        parse_size(text)
