"""E-mail over SMTP: `tls = "starttls"` (default), `"tls"` from the first byte, or `"none"`."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import make_msgid

from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel
from monitor_plugins.alert.channels import ChannelTable

TIMEOUT_S = 10.0
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class Mail:
    """Sends to some addresses through one server."""

    def __init__(
        self, name: str, table: ChannelTable, context: ssl.SSLContext | None = None
    ) -> None:
        self.name = name
        self._host = str(table["host"])
        tls = str(table.get("tls"))
        self._tls = tls if tls in PORTS else "starttls"
        port = str(table.get("port"))
        self._port = int(port) if port.isdecimal() else PORTS[self._tls]
        self._user = str(table.get("user", ""))
        self._password = str(table.get("password", ""))
        to = table["to"]
        self._to = [to] if isinstance(to, str) else [str(one) for one in to]
        self._sender = str(table.get("sender", self._user or self._to[0]))
        self._context = context

    def send(self, notification: Notification) -> Delivery:
        """Send one mail; one that the server will never take is refused."""
        try:
            with self._connected() as server:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(self._mail(notification))
        except smtplib.SMTPResponseException as error:
            detail = f"SMTP {error.smtp_code}"
            return Delivery("refused" if error.smtp_code >= 500 else "failed", detail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            is_final = all(code >= 500 for code in codes)
            return Delivery("refused" if is_final else "failed", f"recipients refused: {codes}")
        except (smtplib.SMTPException, OSError) as error:
            return Delivery("failed", f"{type(error).__name__}: {error}"[:200])
        return Delivery("delivered")

    def _connected(self) -> smtplib.SMTP:
        if self._tls == "tls":
            context = self._context or ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        if self._tls == "starttls":
            try:
                server.starttls(context=self._context or ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server

    def _mail(self, notification: Notification) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(notification.title.split())[:200]
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._to)
        mail["Message-ID"] = make_msgid(notification.key, domain="buildopt.invalid")
        mail["X-Idempotency-Key"] = notification.key
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notification.text)
        return mail


def make(name: str, table: ChannelTable) -> NotificationChannel:
    """The channel of a table."""
    return Mail(name, table)
