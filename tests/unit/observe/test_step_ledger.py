"""What the ledger of a run with steps wants to hear no more."""

import marshal

import pytest

from buildopt.observe.access import Access, Advice, Operation
from buildopt.observe.decoding import decode
from buildopt.observe.ignored import TracePolicy, policy_of
from buildopt.observe.ledger import Ledger
from buildopt.observe.steps import StepLedger

CLIENT = "/bin/buildopt"
NPM, CLIENT_A, IN_A, CLIENT_B, IN_B = 10, 20, 21, 30, 31


@pytest.fixture
def root(tmp_path):
    (tmp_path / "a").write_text("1")
    return tmp_path


@pytest.fixture
def steps(root):
    def ledger(own, fields):
        return Ledger(policy_of(fields), lambda path: "digest", own)

    run = ledger(frozenset(), policy_in(root))
    ledger_of_steps = StepLedger(run, ledger, CLIENT)
    ledger_of_steps.process_started(NPM, 1, ("npm",), 0)
    for client in (CLIENT_A, CLIENT_B):
        ledger_of_steps.process_started(client, NPM, ("python", CLIENT, "-c", "x"), 0)
    return ledger_of_steps


def policy_in(root):
    return TracePolicy(root=str(root), temporary_folders=()).fields()


@pytest.fixture
def told(steps, root):
    def told(pid):
        return steps.access(Access(pid, Operation.OPEN, f"{root}/a", True))

    return told


def begin(steps, root, number, client, process):
    steps.request(marshal.dumps(("begin", client, number, [], policy_in(root))))
    steps.process_started(process, client, ("sh",), 0)


def end(steps, number, client):
    data = steps.request(marshal.dumps(("end", client, number)))
    return [o.subject for o in decode(data, None, lambda path: "digest").observations]


def test_repeat_outside_of_steps_says_nothing_new(told):
    assert [told(NPM), told(NPM)] == [None, Advice.SKIP_REPEATS]


def test_what_the_run_knows_is_news_to_a_step(steps, told, root):
    told(NPM)
    begin(steps, root, 1, CLIENT_A, IN_A)

    assert [told(NPM), told(IN_A), told(IN_A)] == [None, None, Advice.SKIP_REPEATS]
    assert f"{root}/a" in end(steps, 1, CLIENT_A)


def test_repeat_in_one_of_two_steps_may_be_news_to_the_other(steps, told, root):
    begin(steps, root, 1, CLIENT_A, IN_A)
    begin(steps, root, 2, CLIENT_B, IN_B)

    assert [told(IN_A), told(IN_A), told(IN_B), told(IN_B)] == [None] * 4
    assert f"{root}/a" in end(steps, 2, CLIENT_B)


def test_client_is_no_part_of_the_run(steps, told, root):
    told(CLIENT_A)

    data = decode(steps.result(), None, lambda path: "digest")
    assert f"{root}/a" not in [o.subject for o in data.observations]


def test_other_call_of_ours_is_a_part_of_the_run(steps, root):
    steps.process_started(40, NPM, ("python", CLIENT, "bundle", "dist"), 0)
    steps.access(Access(40, Operation.OPEN, f"{root}/a", True))

    data = decode(steps.result(), None, lambda path: "digest")
    assert f"{root}/a" in [o.subject for o in data.observations]
