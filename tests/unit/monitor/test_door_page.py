"""What a person sees whose browser is not let in."""

from base64 import b64encode
from hashlib import sha256

import pytest

from tests.unit.monitor.test_http import TOKEN, ask, server

fixtures = (server,)
BROWSER = {"accept": "text/html,*/*", "sec_fetch_dest": "document", "sec_fetch_mode": "navigate"}


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/enter?token=wrong"])
def test_a_browser_without_the_token_is_asked_for_it_on_a_page(server, path):
    answer = ask(server, path, token="", **BROWSER)

    assert answer.status == 401
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert b'action="/enter"' in answer.body
    assert TOKEN.encode() not in answer.body
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    style = answer.body.partition(b"<style>")[2].partition(b"</style>")[0]
    assert f"style-src 'sha256-{b64encode(sha256(style).digest()).decode()}'" in policy
    assert "script-src" not in policy


def test_what_is_typed_in_there_lets_it_in_and_nothing_else_is_open(server):
    assert ask(server, f"/enter?token={TOKEN}", token="", **BROWSER).status == 303
    assert ask(server, "/assets/tokens.css", token="").status == 401


def test_a_link_on_another_site_leads_to_one_of_our_own(server):
    own = f"http://127.0.0.1:{server.doors.port}"

    answer = ask(server, '//evil.example/?a=1&b=%22"x', sec_fetch_site="cross-site", **BROWSER)

    assert answer.status == 403
    assert f'href="{own}//evil.example/?a=1&amp;b=%22&quot;x"'.encode() in answer.body


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "application/json"},
        {**BROWSER, "sec_fetch_dest": "iframe"},
        {**BROWSER, "sec_fetch_dest": "empty"},
    ],
)
@pytest.mark.parametrize("site", ["cross-site", "none"])
def test_programs_and_frames_are_told_in_json(server, headers, site):
    answer = ask(server, "/", token="", sec_fetch_site=site, **headers)

    assert answer.status == (403 if site == "cross-site" else 401)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_address_that_leads_nowhere_is_a_page_with_a_way_back(server):
    answer = ask(server, "/nowhere", **BROWSER)

    assert answer.status == 404
    assert b'<a href="/">' in answer.body


def test_a_name_of_somebody_elses_gets_no_page(server):
    answer = ask(server, "/", token="", host="evil.example", **BROWSER)

    assert answer.headers["content-type"] == "application/problem+json"
