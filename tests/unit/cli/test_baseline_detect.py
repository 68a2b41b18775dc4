"""`buildopt baseline detect`: verdicts as lines of JSON, and files that are no series."""

import json
from pathlib import Path

import pytest

from buildopt.cli.app import run_command_line

SERIES = Path(__file__).parents[3] / "fixtures/series"


@pytest.fixture
def detect(capsys):
    def run(file, *options, kind="changepoint"):
        status = run_command_line(["baseline", "detect", "--kind", kind, *options, str(file)])
        out, err = capsys.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err

    return run


@pytest.fixture
def series(tmp_path):
    def write(text):
        file = tmp_path / "series.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def test_a_change_is_told_with_what_a_person_wants_to_know(detect):
    status, (line,), err = detect(SERIES / "data/builds-step.csv")

    assert status == 0
    assert (line["index"], line["detected_at"]) == (70, 119)
    assert line["before"] < line["after"]
    assert line["effect"] == pytest.approx(0.15, abs=0.02)
    assert line["confidence"] > 0.99
    assert line["schema"] == 1
    assert err == ""


def test_online_tells_when_it_was_known(detect):
    _, (line,), _ = detect(SERIES / "data/builds-step.csv", "--online", "--json")

    assert line["index"] == 70
    assert 75 <= line["detected_at"] < 85


def test_a_large_step_is_known_after_three_builds(detect):
    _, (line,), _ = detect(SERIES / "data/builds-large.csv", "--online")

    assert (line["index"], line["detected_at"]) == (30, 32)


@pytest.mark.parametrize("online", [[], ["--online"]])
def test_noise_is_no_verdict(detect, online):
    assert detect(SERIES / "data/builds-noise.csv", *online)[1] == []


def test_an_incident_is_told_at_its_third_sample(detect):
    _, (line,), _ = detect(SERIES / "data/metric-incident.csv", kind="anomaly")

    assert line["index"] == line["detected_at"] == 702


def test_a_calm_metric_is_no_verdict(detect):
    assert detect(SERIES / "data/metric-calm.csv", kind="anomaly")[1] == []


def test_a_gap_counts_as_a_row(detect, series):
    rows = (SERIES / "data/builds-step.csv").read_text().splitlines()
    rows[11:11] = ["1700000000,", "1700000000,nan", "1700000000,inf"]

    _, (line,), _ = detect(series("\n".join(rows)))

    assert (line["index"], line["detected_at"]) == (73, 122)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("changepoint", "learning, 2 of 10 builds"), ("anomaly", "learning, 2 of 140 samples")],
)
def test_a_short_series_is_being_learnt(detect, series, kind, words):
    status, lines, err = detect(series("timestamp,value\n1,5\n2,\n3,5\n"), kind=kind)

    assert (status, lines) == (0, [])
    assert err == f"buildopt: {words}: no verdict yet\n"


@pytest.mark.parametrize(
    "text", ["timestamp,value", "timestamp,value\n", "\ufefftimestamp,value\r\n"]
)
def test_a_series_without_rows_has_no_verdict(detect, series, text):
    assert detect(series(text))[:2] == (0, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: its header is ``"),
        ("time,value\n1,2\n", "line 1: its header is `time,value`"),
        ("timestamp,value\n1,2\n2\n", "line 3: 1 columns"),
        ("timestamp,value\n1,2,3\n", "line 2: 3 columns"),
        ("timestamp,value\n1,2\n2,fast\n", "line 3: `fast` is no number"),
        ("timestamp,value\nnoon,2\n", "line 2: `noon` is no timestamp"),
        ("timestamp,value\nnan,2\n", "line 2: `nan` is no timestamp"),
        (b"timestamp,value\n\xff\xfe,2\n", "it is no UTF-8 text"),
    ],
)
def test_a_file_that_is_no_series_is_told_with_its_line(detect, series, text, words):
    status, lines, err = detect(series(text))

    assert (status, lines) == (2, [])
    assert words in err
    assert "docs/messages.md#no-series" in err


def test_a_file_that_is_not_there_is_told(detect, tmp_path):
    status, _, err = detect(tmp_path / "none.csv")

    assert status == 2
    assert "No such file" in err
