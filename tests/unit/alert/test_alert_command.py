"""`alert check-rules` and `alert test-rule`, as scripts use them."""

from __future__ import annotations

import json

from buildopt.cli.app import run_command_line

RULES = """
[alert.rules.mine]
signal = { metric = "m" }
levels.warning = { fire = 85, clear = 80 }
for = "60s"
channels = ["team"]
"""


def lines(path, values) -> str:
    rows = [{"t": 10 * n, "metric": "m", "value": value} for n, value in enumerate(values)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def test_rules_that_make_no_sense_are_refused_with_their_line(tmp_path, capsys) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES + "forr = 3\n")

    assert run_command_line(["alert", "check-rules", str(path)]) == 2

    said = capsys.readouterr().err
    assert "rules.toml`: line 7: unknown key `alert.rules.mine.forr`" in said
    assert "did you mean `for`?" in said


def test_sound_rules_are_listed(tmp_path, capsys) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)

    assert run_command_line(["alert", "check-rules", str(path), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert {"mine", "memory", "build-failure"} <= set(told["rules"])
    assert told["elsewhere"] == ["team"]


def test_stream_is_replayed_one_object_a_line(tmp_path, capsys) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(RULES)
    events = lines(tmp_path / "s.jsonl", [86] * 12 + [70] * 12)

    call = ["alert", "test-rule", "mine", "--rules", str(path), "--events", events, "--json"]
    assert run_command_line(call) == 0

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["t"], one["transition"], one["level"]) for one in told] == [
        (60.5, "fired", "warning"),
        (180.5, "resolved", "warning"),
    ]
    assert [one["schema"] for one in told] == [1, 1]
    assert told[0]["channels"] == ["team"]
    assert told[0]["key"] != told[1]["key"]
    assert {"rule", "incident", "value", "held", "message"} <= set(told[0])


def test_broken_stream_and_unknown_rule_are_named(tmp_path, capsys) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('{"t": 0, "metric": "m", "value": 1}\n{"t": 1}\n')

    assert run_command_line(["alert", "test-rule", "--events", str(path)]) == 2
    assert "line 2" in capsys.readouterr().err
    assert run_command_line(["alert", "test-rule", "nope", "--events", str(path)]) == 2
    assert "known rules" in capsys.readouterr().err


def test_silence_of_a_rule_that_is_a_slip_of_another_is_refused(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("BUILDOPT_STATE_DIR", str(tmp_path))

    assert run_command_line(["alert", "silence", "--rule", "memori", "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "there is no rule `memori`" in told.err
    assert "did you mean `memory`? `--label rule=memori`" in told.err

    assert run_command_line(["alert", "silence", "--label", "rule=memori", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["match"] == {"rule": "memori"}


def test_silence_of_a_rule_that_nobody_knows_is_warned_of_and_kept(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("BUILDOPT_STATE_DIR", str(tmp_path))

    assert run_command_line(["alert", "silence", "--rule", "page-load", "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["match"] == {"rule": "page-load"}
    assert "warning: no rule `page-load`" in told.err

    assert run_command_line(["alert", "silence", "--rule", "memory"]) == 0
    told = capsys.readouterr()
    assert "of rule=memory until" in told.out
    assert told.err == ""

    assert run_command_line(["alert", "silence", "--end", "nope"]) == 0
    assert "no silence `nope` goes on" in capsys.readouterr().err


def test_label_without_a_name_is_no_label(capsys) -> None:
    assert run_command_line(["alert", "silence", "--label", "=x"]) == 2
    assert "is not NAME=VALUE" in capsys.readouterr().err


def test_file_that_is_not_there_is_named(tmp_path, capsys) -> None:
    assert run_command_line(["alert", "check-rules", str(tmp_path / "rules.toml")]) == 2
    assert "there is no such file" in capsys.readouterr().err
