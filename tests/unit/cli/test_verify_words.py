import pytest

from buildopt.cli.verify import _refusal
from buildopt.repeat import Verdict


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("signal 2", "the command was ended by `SIGINT`"),
        ("status 3", "the command failed with `status 3`"),
    ],
)
def test_command_that_did_not_end_well_is_told_as_it_ended(subject, words):
    verdict = Verdict(runs=1, refused="failed", subjects=(subject,))

    assert _refusal(verdict, "/project") == words
