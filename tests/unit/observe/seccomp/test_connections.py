"""To whom a run turns by sockets, and whether that is one of its own processes."""

import pytest

LISTEN = """
import socket
server = socket.create_server(("127.0.0.1", 0))
address = server.getsockname()
"""
DATAGRAMS = """
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
address = server.getsockname()
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
"""


@pytest.mark.parametrize(
    "program",
    [
        LISTEN + "socket.create_connection(address)",
        LISTEN + "os.fork() or socket.create_connection(address)",
        LISTEN + "socket.create_connection(address) if os.fork() else server.accept()",
        DATAGRAMS + "client.sendto(b'x', address)",
        DATAGRAMS + "client.sendmsg([b'x'], [], 0, address)",
        DATAGRAMS + "client.connect(address)",
    ],
    ids=["itself", "by a child", "to a child", "sendto", "sendmsg", "connected datagrams"],
)
def test_who_listens_in_the_run_is_its_own(observe, program):
    told = observe.python(program)

    assert told.report["connects"]
    assert all(is_own for _, is_own in told.report["connects"])


def test_named_socket_of_the_run_is_its_own(observe):
    told = observe.python(
        """
        import socket
        server = socket.socket(socket.AF_UNIX)
        server.bind("socket")
        server.listen()
        os.mkdir("d")
        os.chdir("d")
        socket.socket(socket.AF_UNIX).connect("../socket")
        """
    )

    assert told.report["connects"] == [[f"unix:{observe.folder}/socket", True]]


@pytest.mark.parametrize(
    ("connect", "address"),
    [
        ('socket.socket().connect_ex(("127.0.0.1", 9))', "127.0.0.1:9"),
        ('socket.socket(socket.AF_INET6).connect_ex(("::1", 9))', "[::1]:9"),
        ('socket.socket(socket.AF_UNIX).connect_ex(b"\\0abstract")', "unix:@abstract"),
        ('socket.socket(socket.AF_UNIX).connect_ex("/nowhere/socket")', "unix:/nowhere/socket"),
        (
            'socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))',
            "127.0.0.1:9",
        ),
    ],
)
def test_stranger_is_told_with_its_address(observe, connect, address):
    told = observe.python(f"import socket\ntry: {connect}\nexcept OSError: pass")

    assert told.report["connects"] == [[address, False]]


def test_server_that_was_there_before_is_a_stranger(observe, stranger):
    host, port = stranger.getsockname()

    told = observe.python(f'import socket; socket.create_connection(("{host}", {port}))')

    assert (told.status, told.report["connects"]) == (0, [[f"{host}:{port}", False]])


@pytest.fixture
def stranger():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_pair_of_sockets_turns_to_nobody(observe):
    told = observe.python(
        """
        import socket
        one, other = socket.socketpair()
        one.sendall(b"x")
        one.sendmsg([b"x"])
        """
    )

    assert (told.status, told.report["connects"]) == (0, [])
