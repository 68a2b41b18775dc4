"""`buildopt watch`: a change of what was read makes a run, and nothing else does."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.watch_rig import Session, pid_in
from tests.rig import Rig

OBSERVE = "auto"
BUILD = """\
#!/bin/sh
mkdir -p out
cat src/*.txt > out/all.txt
echo "built $(wc -l < out/all.txt)"
"""


@pytest.fixture
def project(rig: Rig) -> Rig:
    rig.write("build.sh", BUILD, mode=0o755)
    rig.write("src/a.txt", "1\n")
    return rig


@pytest.fixture
def session(project: Rig, watch: Callable[..., Session]) -> Session:
    return watch("--", "./build.sh")


def test_a_changed_input_runs_again_and_back_again_is_answered(
    project: Rig, session: Session
) -> None:
    session.until("ready")

    project.write("src/a.txt", "1\n2\n")
    changed = session.until("changed")
    second = session.result()
    project.write("src/a.txt", "1\n")
    third = session.result()

    assert changed["paths"] == ["src/a.txt"]
    assert second["outcome"] == "executed"
    assert third["outcome"] == "restored"
    assert project.read("out/all.txt") == b"1\n"


def test_a_new_file_in_a_listed_folder_runs(project: Rig, session: Session) -> None:
    session.until("ready")

    project.write("src/b.txt", "2\n")
    session.result()

    assert project.read("out/all.txt") == b"1\n2\n"


def test_another_entry_of_the_root_is_told_as_a_point(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("build.sh", "#!/bin/sh\nls\n", mode=0o755)
    session = watch("--", "./build.sh")
    session.until("ready")

    project.write("notes.md", "new\n")

    assert session.until("changed")["paths"] == ["."]


def test_what_was_not_read_and_what_is_only_touched_runs_nothing(
    project: Rig, session: Session
) -> None:
    session.until("ready")

    project.write("notes.md", "new\n")
    os.utime(project.root / "src" / "a.txt")
    project.write("src/a.txt", "1\n")

    assert session.is_silent_for(1.5)


def test_a_removed_output_is_put_back(project: Rig, session: Session) -> None:
    session.until("ready")

    (project.root / "out" / "all.txt").unlink()

    assert session.result()["outcome"] == "restored"
    assert project.read("out/all.txt") == b"1\n"


def test_a_failing_run_is_tried_again_when_what_it_read_changes(
    project: Rig, session: Session
) -> None:
    session.until("ready")

    project.write("build.sh", "#!/bin/sh\ngrep -q good src/a.txt\n", mode=0o755)
    failed = session.result()
    project.write("src/a.txt", "good\n")
    mended = session.result()

    assert failed["exit_code"] == 1
    assert mended["exit_code"] == 0


def test_a_failing_run_is_run_once_whatever_it_wrote(
    project: Rig, watch: Callable[..., Session]
) -> None:
    failing = "#!/bin/sh\nmkdir -p out; cat src/a.txt >> out/log; echo x >> src/a.txt; exit 1\n"
    project.write("build.sh", failing, mode=0o755)

    session = watch("--", "./build.sh")
    session.until("ready")
    runs = session.runs_until_silent_for(1.0)
    project.write("src/a.txt", "changed\n")
    session.result()
    more = session.runs_until_silent_for(1.0)

    assert (runs, more) == ([], [])
    assert project.read("out/log") == b"1\nchanged\n"


def test_a_failing_run_that_touches_what_it_reads_makes_no_loop(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("build.sh", "#!/bin/sh\ntouch src/a.txt; cat src/a.txt; exit 1\n", mode=0o755)

    session = watch("--", "./build.sh")
    session.until("ready")

    assert len(session.runs_until_silent_for(1.0)) <= 1


@pytest.mark.parametrize("status", [0, 1])
def test_what_is_saved_after_a_run_has_read_it_makes_another(
    project: Rig, watch: Callable[..., Session], status: int
) -> None:
    wait = "test -e ../go || { echo $$ > pid; while ! test -e ../go; do sleep 0.02; done; }"
    script = f"#!/bin/sh\ncat src/a.txt >> ../built\n{wait}\nexit {status}\n"
    project.write("build.sh", script, mode=0o755)
    session = watch("--", "./build.sh")
    pid_in(project.root / "pid")

    project.write("src/a.txt", "2\n")
    (project.place / "go").touch()
    session.until("ready")
    session.until("finished")
    more = session.runs_until_silent_for(1.5)

    assert (project.place / "built").read_text() == "1\n2\n"
    assert more == []


def test_a_run_that_adds_to_a_file_outside_of_the_project_is_run_once(
    project: Rig, watch: Callable[..., Session]
) -> None:
    (project.place / "log").write_text("begun\n")
    project.write("build.sh", "#!/bin/sh\ncat src/a.txt >> ../log\n", mode=0o755)

    session = watch("--", "./build.sh")
    session.until("ready")
    runs = session.runs_until_silent_for(1.0)
    project.write("src/a.txt", "2\n")
    session.result()
    more = session.runs_until_silent_for(1.0)

    assert (runs, more) == ([], [])
    assert (project.place / "log").read_text() == "begun\n1\n2\n"


def test_a_run_that_changes_its_own_input_pauses_and_says_so(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("build.sh", "#!/bin/sh\necho x >> src/a.txt; wc -l < src/a.txt\n", mode=0o755)

    session = watch("--", "./build.sh")
    paused = session.until("paused")

    assert paused["paths"] == [str(project.root / "src" / "a.txt")]
    assert session.end() == 0
    assert len((project.root / "src" / "a.txt").read_text().splitlines()) == 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_run_leaves_no_child(
    project: Rig, watch: Callable[..., Session], number: int
) -> None:
    project.write("build.sh", "#!/bin/sh\necho $$ > pid\nsleep 1000\n", mode=0o755)
    session = watch("--", "./build.sh")
    session.until("started")
    pid = pid_in(project.root / "pid")

    status = session.end(number)

    assert status == 0
    assert not Path(f"/proc/{pid}").exists()


def test_with_restart_a_change_ends_the_run_that_goes_on(
    project: Rig, watch: Callable[..., Session]
) -> None:
    session = watch("--on-change", "restart", "--", "./build.sh")
    session.until("ready")
    project.write("build.sh", "#!/bin/sh\ncat src/a.txt; echo $$ > pid\nsleep 1000\n", mode=0o755)
    pid_in(project.root / "pid")

    project.write("src/a.txt", "other\n")
    project.write("build.sh", BUILD, mode=0o755)
    ended, restarted = session.result(), session.result()

    assert ended["signal"]
    assert restarted["exit_code"] == 0
    assert session.end() == 0


def test_once_ends_after_the_first_result_with_its_status(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("build.sh", "#!/bin/sh\nexit 7\n", mode=0o755)

    session = watch("--once", "--", "./build.sh")

    assert session.wait() == 7


def test_tasks_of_the_settings_run_in_their_order(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write(
        "buildopt.toml",
        '[tasks.first]\ncommand = "./build.sh"\n'
        '[tasks.second]\ncommand = "cp out/all.txt copy.txt"\ndepends_on = ["first"]\n',
    )
    session = watch("second")
    session.until("ready")

    project.write("src/a.txt", "changed\n")
    result = session.result()

    assert [task["outcome"] for task in result["tasks"]] == ["executed", "executed"]
    assert project.read("copy.txt") == b"changed\n"
    assert session.end() == 0


def test_broken_settings_are_told_and_waited_for(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("buildopt.toml", '[tasks.t]\ncommand = "./build.sh"\n')
    session = watch("t")
    session.until("ready")

    project.write("buildopt.toml", "[tasks.t]\ncomand = 1\n")
    broken = session.until("finished")
    project.write("buildopt.toml", '[tasks.t]\ncommand = "./build.sh"\n# mended\n')
    mended = broken
    while mended["result"] is None:  # also where a file was seen half written
        mended = session.until("finished")

    assert broken["result"] is None
    assert mended["result"]["exit_code"] == 0
    assert session.end() == 0
    assert any("comand" in line for line in session.said)


def test_a_persistent_task_is_kept_running_and_ended(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write(
        "buildopt.toml",
        '[tasks.build]\ncommand = "./build.sh"\n'
        '[tasks.dev]\ncommand = ["sh", "-c", "echo $$ > pid; exec sleep 1000"]\n'
        'persistent = true\ndepends_on = ["build"]\ninputs = ["server.conf"]\n',
    )
    session = watch("dev")
    first = pid_in(project.root / "pid")
    session.until("ready")
    (project.root / "pid").unlink()

    project.write("server.conf", "changed\n")
    second = pid_in(project.root / "pid")

    assert first != second
    assert session.end() == 0
    assert not Path(f"/proc/{second}").exists()


def test_a_task_of_which_nothing_is_seen_runs_after_changes_that_are_not_its_own(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.environ["BUILDOPT_OBSERVE"] = "off"
    project.write("build.sh", "#!/bin/sh\ndate > stamp; sleep 0.2; mv stamp ..\n", mode=0o755)

    session = watch("--", "./build.sh")
    session.until("ready")
    own = session.runs_until_silent_for(1.0)
    project.write("src/a.txt", "changed\n")
    changed = session.until("changed")["paths"]
    session.result()
    more = session.runs_until_silent_for(1.0)

    assert (own, changed, more) == ([], ["src/a.txt"], [])


def test_with_restart_a_touch_that_ends_a_run_makes_another(
    project: Rig, watch: Callable[..., Session]
) -> None:
    session = watch("--on-change", "restart", "--", "./build.sh")
    session.until("ready")
    slow = "#!/bin/sh\ncat src/a.txt; echo $$ > pid; test -e go || sleep 1000\n"
    project.write("build.sh", slow, mode=0o755)
    pid_in(project.root / "pid")

    project.write("go")
    (project.root / "src" / "a.txt").touch()
    ended, again = session.result(), session.result()

    assert ended["signal"]
    assert again["exit_code"] == 0


def test_with_ignore_a_change_during_a_run_is_told_and_starts_none(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("build.sh", "#!/bin/sh\necho x >> src/a.txt; wc -l src/a.txt\n", mode=0o755)

    session = watch("--on-change", "ignore", "--", "./build.sh")
    ignored = session.until("ignored")["paths"]
    more = session.runs_until_silent_for(1.0)
    project.write("src/a.txt", "by hand\n")
    session.result()

    assert (ignored, more) == (["src/a.txt"], [])
    assert project.read("src/a.txt") == b"by hand\nx\n"


def test_the_task_behind_then_runs_after_each_good_round_only(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write(
        "buildopt.toml",
        '[tasks.build]\ncommand = "./build.sh"\n'
        '[tasks.ship]\ncommand = "sh -c \'cat out/all.txt >> ../shipped\'"\ncache = "off"\n',
    )
    session = watch("build", "--then", "ship")
    first = session.until("finished")

    project.write("build.sh", "#!/bin/sh\nexit 3\n", mode=0o755)
    failed = session.until("finished")
    project.write("src/a.txt", "2\n")
    project.write("build.sh", BUILD, mode=0o755)
    while session.result()["exit_code"]:
        pass

    assert first["then"]["exit_code"] == 0
    assert "then" not in failed
    assert (project.place / "shipped").read_text() == "1\n2\n"
