"""What holds for every verdict."""

from dataclasses import replace
from itertools import chain

from buildopt.doctor.facts import Trouble
from buildopt.doctor.verdicts import judge


def checks_of(around):
    return list(chain.from_iterable(checks for _, checks in judge(around)))


def test_a_machine_on_which_everything_works_has_nothing_to_mend(healthy):
    checks = checks_of(healthy)

    assert [check for check in checks if check.status != "ok" or check.mend] == []


def test_each_name_stands_once(healthy):
    names = [check.name for check in checks_of(healthy)]

    assert sorted(names) == sorted(set(names))


def test_whatever_is_wrong_has_one_line_that_says_how_to_mend_it(healthy):
    trouble = Trouble(message="no place", hint="make one")
    broken = replace(
        healthy,
        now_s=0.0,
        uid=0,
        machine=replace(
            healthy.machine,
            kernel_release="5.4.0",
            max_user_watches=None,
            max_user_instances=1,
        ),
        watching=replace(healthy.watching, refusal="it is so", tracer="strace (7)"),
        settings=trouble,
        project=replace(healthy.project, mount=None),
        cache=replace(healthy.cache, free_bytes=0, times_are_believed=False),
        state=trouble,
        tools=(replace(healthy.tools[0], trouble="it did not answer in time"),),
        terminal=replace(healthy.terminal, term="dumb", encoding="latin-1"),
    )

    checks = checks_of(broken)

    wrong = [check for check in checks if check.status != "ok"]
    assert {check.name for check in wrong} == {
        "observer", "tracer", "kernel", "inotify-watches", "inotify-instances", "project",
        "cache-folder", "cache-filesystem", "cache-space", "state-folder", "clock", "git",
        "settings", "terminal", "encoding",
    }  # fmt: skip
    assert all(check.mend and "\n" not in check.mend for check in wrong)


def test_our_own_words_are_ascii(healthy):
    text = "".join(check.found + check.mend for check in checks_of(healthy))

    assert text.isascii()
