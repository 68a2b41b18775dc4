"""The channels against real receivers: an HTTP server and an SMTP server that misbehave."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from buildopt.monitor.hookspecs import Notification
from monitor_plugins.alert.channels import http as http_module
from monitor_plugins.alert.channels.making import make_channels
from monitor_plugins.alert.channels.webhook import signature

NOTE = Notification(
    "k1", "critical: memory is nearly full: 96 %", "since 12:00\nto do", "error", {"entries": []}
)


class Receiver(ThreadingHTTPServer):
    """Answers as told, and keeps what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.answer: tuple[int, dict[str, str]] = (200, {})
        self.misbehaviour = ""
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?x=1"

    def handle_error(self, request, client_address) -> None:
        return


class Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.misbehaviour == "hang":
            self.server.ended.wait(20)
            return
        if self.server.misbehaviour == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            return
        self.server.came.append((dict(self.headers.items()), body))
        status, headers = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()
    thread.join()


def channel(environ=None, **table):
    (made,) = make_channels({"c": table}, environ or {})
    return made


def test_webhook_posts_json_with_key_and_signature(receiver) -> None:
    hook = channel({"HOOK": receiver.url}, type="webhook", url_variable="HOOK", secret="s")

    assert hook.send(NOTE).status == "delivered"

    headers, body = receiver.came[0]
    assert headers["Idempotency-Key"] == "k1"
    stamp = headers["X-Buildopt-Timestamp"]
    assert headers["X-Buildopt-Signature"] == signature("s", stamp, body)
    assert json.loads(body)["title"] == NOTE.title


@pytest.mark.parametrize(
    ("status", "headers", "wanted", "wait_s"),
    [
        (204, {}, "delivered", None),
        (500, {}, "failed", None),
        (503, {"Retry-After": "7"}, "failed", 7),
        (429, {"Retry-After": "30"}, "failed", 30),
        (429, {"Retry-After": "Thu, 01 Jan 2015 00:00:00 GMT"}, "failed", 0),
        (429, {"Retry-After": "soon"}, "failed", None),
        (400, {}, "refused", None),
        (404, {}, "refused", None),
        (302, {"Location": "http://127.0.0.1/"}, "refused", None),
    ],
)
def test_status_says_whether_another_try_is_of_use(
    receiver, status, headers, wanted, wait_s
) -> None:
    receiver.answer = status, headers

    went = channel(type="webhook", url=receiver.url).send(NOTE)

    assert (went.status, went.retry_after_s) == (wanted, wait_s)


def test_receiver_that_hangs_is_left_in_time(receiver, monkeypatch) -> None:
    monkeypatch.setattr(http_module.post, "__defaults__", (0.3,))
    receiver.misbehaviour = "hang"
    began_s = time.monotonic()

    went = channel(type="webhook", url=receiver.url).send(NOTE)

    assert went.status == "failed"
    assert time.monotonic() - began_s < 10


def test_connection_that_breaks_or_is_refused_is_tried_again(receiver) -> None:
    receiver.misbehaviour = "reset"
    assert channel(type="webhook", url=receiver.url).send(NOTE).status == "failed"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert channel(type="webhook", url=url).send(NOTE).status == "failed"
    assert channel(type="webhook", url="ftp://x/").send(NOTE).status == "refused"


def test_slack_mentions_nobody_by_a_label(receiver) -> None:
    note = NOTE._replace(title="<!channel> & co")

    assert channel(type="slack", url=receiver.url).send(note).status == "delivered"

    assert json.loads(receiver.came[0][1])["text"] == "&lt;!channel&gt; &amp; co"


class Inbox:
    def __init__(self, answer: str = "") -> None:
        self.answer = answer
        self.mails: list[tuple[bool, bytes]] = []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802  # of aiosmtpd
        if self.answer:
            return self.answer
        self.mails.append((session.ssl is not None, envelope.content))
        return "250 OK"


@contextmanager
def mail_server(inbox: Inbox, context: ssl.SSLContext | None = None):
    class Server(Controller):
        def factory(self) -> SMTP:
            return SMTP(inbox, tls_context=context, require_starttls=context is not None)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Server(inbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for `localhost`, which signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(path)


def test_mail_goes_over_tls_and_trusts_no_stranger(certificate) -> None:
    from monitor_plugins.alert.channels.mail import Mail

    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    inbox = Inbox()
    with mail_server(inbox, server_side) as port:
        table = {"host": "localhost", "port": port, "to": ["a@example.org"]}
        trusting = ssl.create_default_context(cafile=certificate)

        assert Mail("m", table, trusting).send(NOTE).status == "delivered"
        assert Mail("m", table).send(NOTE).status == "failed"

    ((was_tls, content),) = inbox.mails
    assert was_tls
    assert b"X-Idempotency-Key: k1" in content
    assert b"Subject: critical: memory is nearly full: 96 %" in content


@pytest.mark.parametrize(
    ("answer", "wanted"), [("451 later", "failed"), ("554 no", "refused"), ("", "delivered")]
)
def test_mail_server_says_whether_another_try_is_of_use(answer, wanted) -> None:
    with mail_server(Inbox(answer)) as port:
        table = {"host": "127.0.0.1", "port": port, "tls": "none", "to": "a@example.org"}

        assert channel(type="mail", **table).send(NOTE).status == wanted


def test_file_gets_a_line_each_and_is_private(tmp_path) -> None:
    path = tmp_path / "alerts.jsonl"
    to_file = channel(type="file", path=str(path))

    assert [to_file.send(NOTE).status for _ in range(2)] == ["delivered", "delivered"]

    lines = path.read_text().splitlines()
    assert [json.loads(line)["key"] for line in lines] == ["k1", "k1"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert channel(type="file", path=str(tmp_path)).send(NOTE).status == "failed"


def test_desktop_calls_the_program_with_the_words_as_they_are(tmp_path) -> None:
    program = tmp_path / "notify"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/said\n')
    program.chmod(0o755)

    assert channel(type="desktop", program=str(program)).send(NOTE).status == "delivered"

    said = (tmp_path / "said").read_text()
    assert said == f"--urgency=critical|--app-name=buildopt|--|{NOTE.title}|{NOTE.text}|"
    assert channel(type="desktop", program=str(tmp_path / "no")).send(NOTE).status == "refused"


def test_github_annotation_is_one_line_that_no_label_can_break(tmp_path, capsys) -> None:
    note = NOTE._replace(title="a, b: c", text="one\n::set-env name=X::y")

    github = channel(type="github", path=str(tmp_path / "summary.md"))
    assert github.send(note).status == "delivered"

    said = capsys.readouterr().out
    assert said == "::error title=a%2C b%3A c::one%0A::set-env name=X::y\n"
    assert "one" in (tmp_path / "summary.md").read_text()


def test_console_writes_to_stderr(capsys) -> None:
    assert channel(type="console").send(NOTE).status == "delivered"

    assert "memory is nearly full" in capsys.readouterr().err


def test_console_says_a_headline_once(capsys) -> None:
    first, second = "over: disk (host=a)", "over: disk (host=b)"
    note = NOTE._replace(title=f"{first} and 1 more", text=f"{first}\n  since\n\n{second}\n  since")

    channel(type="console").send(note)

    said = capsys.readouterr().err
    assert said == f"buildopt: {first} and 1 more\n  since\n\n{second}\n  since\n"


def test_apprise_that_is_missing_is_said(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)

    assert "buildopt[notify]" in channel(type="apprise", url="json://x").send(NOTE).detail
