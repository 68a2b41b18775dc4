"""What we print where stdout and stderr take less than UTF-8."""

import pytest

from buildopt.cli import COMMANDS

OBSERVE = "auto"


def bytes_of(rig, encoding, *words, status=0):
    rig.environ |= {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = rig.call(*words)
    assert (done.returncode, b"Traceback" in done.stderr) == (status, False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1", "cp1252", "ascii:strict"])
def test_help_of_every_command_can_be_read(rig, encoding):
    texts = [bytes_of(rig, encoding, name, "--help") for name in COMMANDS]

    name = encoding.partition(":")[0]
    assert not [text for text in texts if not text.decode(name).startswith("Usage: buildopt")]
    assert b"TASK... | -- COMMAND [ARG...]" in texts[0] or name == "cp1252"


@pytest.mark.parametrize(
    "words",
    ["runs show", "explain", "doctor", "trace -- ./build.sh", "run --force -- ./build.sh"],
)
def test_signs_are_ascii_where_the_encoding_is(rig, words):
    rig.script("build.sh", "cat a > out\n")
    rig.write("a", "a\n")
    rig.run("--", "./build.sh")

    text = bytes_of(rig, "ascii", *words.split())

    assert text.isascii()
    assert rb"\u" not in text


def test_name_that_is_no_ascii_is_written_out(rig):
    text = bytes_of(rig, "ascii", "run", "n\u00f6\u2026", status=125)

    assert text.startswith(rb"buildopt: no task or script `n\xf6...`")
