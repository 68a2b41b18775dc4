"""The table `[alert]`: channels and windows that cannot work are refused with their place."""

from __future__ import annotations

import tomllib

import pytest

from buildopt.errors import SettingsError
from buildopt.monitor.hookspecs import Notification
from monitor_plugins.alert.channels.making import make_channels
from monitor_plugins.alert.config import read_config
from monitor_plugins.alert.place import Place


def read(text: str):
    return read_config(tomllib.loads(text), place=Place("buildopt.toml", lambda path: 7))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("chanels = 3", "did you mean `channels`?"),
        ("channels = 3", "a table for each channel"),
        ("channels.x.type = 'pager'", "`console` or"),
        ("channels.x.type = ['mail']", "`console` or"),
        ("channels.mail = {host = 'h', to = 'a', port = 'abc'}", "a whole number"),
        ("channels.mail = {host = 'h', to = 'a', port = 0}", "a port"),
        ("channels.mail = {host = 'h', to = 'a', tls = 'ssl'}", "`starttls` or `tls` or `none`"),
        ("channels.mail = {host = 'h', to = [3]}", "a list of names"),
        ("channels.mail.host = 'h'", "`to_variable`"),
        ("channels.slack.url = 'hooks.example.org'", "an address"),
        ("channels.slack.url = 'file:///etc/passwd'", "an address"),
        ("channels.slack.url_variable = 3", "a text"),
        ("channels.webhook = {url = 'https://a.b', headers = 'x: y'}", "a table of texts"),
        ("channels.webhook = {url = 'https://a.b', headers = {a = 1}}", "a text"),
        ("channels.file = {path = 'f', fallback = 'fil'}", "did you mean `file`?"),
        ("channels.file = {path = 'f', fallback = ['a']}", "a text"),
        ("channels.console.bell = 'yes'", "true or false"),
        ("windows.night = {start = '22:00'}", 'a time as "22:00"'),
        ("windows.night = {start = '22:00', end = '25:00'}", 'a time as "22:00"'),
        ("windows.night = {start = '22:00', end = '6', days = 3}", 'a time as "22:00"'),
        ("windows.night = {start = '22:00', end = '06:00', days = 3}", "a list of names"),
        ("windows.night = {start = '22:00', end = '06:00', days = ['Frei']}", "mon, tue"),
        ("windows.night = {start = '22:00', end = '06:00', zone = '../x'}", "a time zone"),
        ("windows.night = {start = '22:00', end = '06:00', zone = 'Europe/Berlim'}", "a time zone"),
        ("windows.night = {start = '22:00', end = '06:00', zonne = 'UTC'}", "did you mean `zone`?"),
        ("notify = [3]", "a list of names"),
        ("rules = 3", "a table for each rule"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_with_line_and_hint(bad: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(bad)

    assert "`buildopt.toml`: line 7: " in caught.value.message
    assert said in caught.value.hint


def test_channel_whose_variables_are_unset_or_odd_does_not_end_the_others() -> None:
    config = read("""
        [channels.mail]
        host_variable = "MAIL_HOST"
        port_variable = "MAIL_PORT"
        tls_variable = "MAIL_TLS"
        to_variable = "MAIL_TO"
        [channels.team]
        type = "slack"
        url_variable = "TEAM"
    """)

    for environ in ({}, {"MAIL_PORT": "abc", "MAIL_TLS": "maybe", "TEAM": "::"}):
        channels = make_channels(config.channels, environ)
        assert [channel.name for channel in channels] == ["console", "mail", "team"]


@pytest.mark.parametrize(
    "address", ["http://[::1", "http://a:b/secret", "http://127.0.0.1:1/sec ret", "", "secret"]
)
def test_address_that_is_none_is_refused_and_not_shown(address: str) -> None:
    (slack,) = make_channels({"s": {"type": "slack", "url_variable": "URL"}}, {"URL": address})

    went = slack.send(Notification(key="k", title="t", text="x", severity="info", data={}))

    assert went.status == "refused"
    assert "sec" not in went.detail
