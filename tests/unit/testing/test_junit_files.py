"""JUnit XML of several tools is read; what could do harm is refused."""

import pytest

from monitor_plugins.testing.junit import NotJUnit, read

PYTEST = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" tests="4">
<testcase classname="tests.test_a" name="test_one" time="0.015" />
<testcase classname="tests.test_a" name="test_two" time="1.5"><failure message="no"/></testcase>
<testcase classname="tests.test_a" name="test_three" time="0"><skipped type="x" /></testcase>
<testcase classname="tests.test_a" name="test_four" time="0"><error message="gone"/></testcase>
</testsuite></testsuites>"""
SUREFIRE = """<testsuite name="A"><testcase name="one" classname="com.A" time="1,234.5">
<flakyFailure message="x"/></testcase><testcase name="two" classname="com.A" time="zero">
<failure/><rerunFailure/></testcase></testsuite>"""
SUITE = '<testsuite><testcase name="&b;"/></testsuite>'
LAUGHS = f'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>{SUITE}'
OUTSIDE = f'<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>{SUITE}'


def written(folder, content):
    path = folder / "junit.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_results_of_pytest_are_read_the_failed_ones_first(tmp_path):
    found = read(written(tmp_path, PYTEST))

    assert [(test.name, test.letter, test.duration_s) for test in found] == [
        ("tests.test_a::test_two", "f", 1.5),
        ("tests.test_a::test_four", "e", 0.0),
        ("tests.test_a::test_one", "p", 0.015),
        ("tests.test_a::test_three", "s", 0.0),
    ]


def test_reruns_of_surefire_are_known(tmp_path):
    found = {test.name: test for test in read(written(tmp_path, SUREFIRE))}

    assert found["com.A::one"][1:] == ("p", 1234.5, True)
    assert found["com.A::two"][1:] == ("f", 0.0, True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (LAUGHS, "document type"),
        (OUTSIDE, "document type"),
        ("", "no XML"),
        ("<html/>", "begins with `html`"),
        ("<testsuite>", "no XML"),
        (b"\xff\xfe\x00", "no XML"),
        ('<?xml version="1.0" encoding="klingon"?><testsuite/>', "no XML"),
    ],
)
def test_what_is_none_is_refused(tmp_path, content, why):
    with pytest.raises(NotJUnit, match=why):
        read(written(tmp_path, content))
