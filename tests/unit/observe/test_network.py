import pytest

from buildopt.observe.ignored import TracePolicy
from buildopt.observe.network import is_harmless, is_update_check

NODE = ("node", "build.js")


@pytest.mark.parametrize(
    "address",
    [
        "unix:/run/nscd/socket",
        "unix:/run/systemd/resolve/io.systemd.Resolve",
        "unix:/run/dbus/system_bus_socket",
        "192.0.2.1:53",
        "[2001:db8::1]:53",
        "192.0.2.1:0",
    ],
)
def test_name_look_ups_and_system_buses_are_harmless(address):
    assert is_harmless(address, NODE, TracePolicy(root="/p"))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:5432", "[::1]:80", "192.0.2.1:443", "unix:/run/postgresql/.s.PGSQL.5432",
     "unix:@abstract", "unix:/var/run/docker.sock", "family:40"],
)  # fmt: skip
def test_any_other_connection_is_not(address):
    assert not is_harmless(address, NODE, TracePolicy(root="/p"))


def test_an_ignored_network_is_harmless_altogether():
    policy = TracePolicy(root="/p", network="ignore")

    assert is_harmless("192.0.2.1:443", NODE, policy)


@pytest.mark.parametrize("allowed", ["192.0.2.1", "192.0.2.1:443"])
def test_allowed_hosts_are_harmless(allowed):
    policy = TracePolicy(root="/p", allow_hosts=(allowed,))

    assert is_harmless("192.0.2.1:443", NODE, policy)
    assert not is_harmless("192.0.2.2:443", NODE, policy)


def test_an_allowed_socket_is_harmless():
    policy = TracePolicy(root="/p", allow_hosts=("/run/x.sock",))

    assert is_harmless("unix:/run/x.sock", NODE, policy)


@pytest.mark.parametrize(
    "argv",
    [
        ("npm", "run", "build"),
        ("/usr/bin/node", "/usr/lib/node_modules/npm/bin/npm-cli.js", "run", "build"),
        ("node", "/p/node_modules/.bin/next", "build"),
        ("pnpm.cjs", "test"),
    ],
)
def test_tools_that_ask_about_themselves_are_told_by_their_arguments(argv):
    assert is_update_check(argv)


@pytest.mark.parametrize(
    "argv", [(), ("npm", "install"), ("npm", "ci"), ("node", "x.js"), ("curl", "npm"), ("node",)]
)
def test_tools_that_fetch_are_not(argv):
    assert not is_update_check(argv)
