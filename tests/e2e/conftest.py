"""Fixtures for runs of the installed command."""

import pytest

from tests.rig import Rig

pytest.register_assert_rewrite("tests.e2e.tracing_rig", "tests.e2e.watch_rig")


@pytest.fixture
def rig(request, tmp_path):
    """A project of its own; how its commands are observed says `OBSERVE` of the test's module."""
    return Rig(tmp_path, observe=getattr(request.module, "OBSERVE", "declared"))


@pytest.fixture
def watch(rig):
    """Starts sessions of `buildopt watch` in the project, and ends them."""
    from tests.e2e.watch_rig import Session

    sessions = []

    def start(*arguments):
        sessions.append(Session(rig, *arguments))
        return sessions[-1]

    yield start
    for session in sessions:
        session.end()


@pytest.fixture(scope="session")
def build_tools(tmp_path_factory):
    """Variables under which build front ends, test tools and an installed buildopt are found."""
    from tests.e2e.integrations_rig import install_tools

    return install_tools(tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests of a process."""
    from playwright.sync_api import Error, sync_playwright

    from tests.e2e import browser_rig

    with sync_playwright() as driver:
        try:
            running = driver.chromium.launch(executable_path=browser_rig.BROWSER)
        except Error as error:
            pytest.skip(f"Chromium does not start here: {error.message.splitlines()[0]}")
        yield running
        running.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The script of axe-core."""
    from tests.e2e import browser_rig

    return browser_rig.install_axe(tmp_path_factory.mktemp("axe"))
