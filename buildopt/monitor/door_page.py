"""What a person sees whose browser is not answered: the same refusal, with what to do about it.

A link on another site brings no cookie (SameSite=Strict), and is refused; the page of the refusal
has the same address as a link of its own, which does bring it. The page has its style sheet in it,
known by its digest: nothing else is answered without a token.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from html import escape

from buildopt.report.page import stylesheet

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>buildopt</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{advice}
</main>
</body>
</html>
"""
ELSEWHERE = """<p class="answer">A link on another page led here.</p>
<p><a href="{address}">Open this page of the dashboard</a></p>
"""
NOWHERE = """<p class="answer">There is no page of this address.</p>
<p><a href="/">To the overview</a></p>
"""
UNKNOWN = """<p class="answer">This browser is not known here yet, or not any more.
<code>buildopt dashboard --open</code> lets it in on the machine itself.</p>
<form method="get" action="/enter" class="controls">
<p><label>Token <input name="token" type="password" autocomplete="off" required></label>
<button type="submit">Open</button></p>
</form>
<p class="muted">It is in the file <code>monitor.token</code> of the state folder, and in the
address that <code>buildopt monitor</code> prints on a terminal.</p>
"""


def is_person(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser asks for a page to show it, by itself."""
    return (
        method == "GET"
        and "text/html" in headers.get("accept", "")
        and headers.get("sec-fetch-dest", "document") == "document"
    )


def door_page(status: int, title: str, host: str = "", target: str = "") -> bytes:
    """The page; `host` was checked, `target` is path and query as they were asked for."""
    advice = {401: UNKNOWN, 404: NOWHERE}.get(status, "")
    if status == 403:
        advice = ELSEWHERE.format(address=escape(f"http://{host}{target}"))
    return PAGE.format(title=escape(title.capitalize()), advice=advice, style=_style()).encode()


@cache
def door_headers() -> Mapping[str, str]:
    """The page's kind, and what it may load: an icon without content, and its own style."""
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    return {"content-type": "text/html; charset=utf-8", "content-security-policy": policy}


@cache
def _style() -> str:
    return stylesheet("tokens.css") + stylesheet("page.css")
