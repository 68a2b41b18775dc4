"""Whatever stands in a settings file: settings, or a message about them."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildopt.errors import SettingsError
from buildopt.settings.origins import values_for

TOML = b"""quiet = true
input = ["src/**", 'a b']
tasks.a = { command = "make x", env = ["A"] }
[tasks."b c"]
command = '''x
'''
"""
SAMPLES = {
    "buildopt.toml": TOML,
    "pyproject.toml": b"[project]\nname = 'x'\n[tool.buildopt]\n" + TOML.replace(b"[t", b"[tool.t"),
    "package.json": b'{"a": 1,\n"buildopt": {"quiet": true, "tasks": {"a": {"command": ["x"]}}}}',
}
PIECES = st.binary(max_size=3) | st.sampled_from(
    [
        b"[" * 300,
        b'{"a":' * 400,
        b'"buildopt"',
        b'"',
        b"'''",
        b"\\ud800",
        b"\\u0000",
        b"\xef\xbb\xbf",
    ]
)


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data())
def test_any_bytes_are_settings_or_a_mistake_with_a_hint(name, data):
    sample = SAMPLES[name]
    start, end = sorted(data.draw(st.integers(0, len(sample))) for _ in range(2))
    content = sample[:start] + data.draw(PIECES) + sample[min(end, start + 9) :]
    with tempfile.TemporaryDirectory() as place:
        Path(place, ".git").mkdir()
        Path(place, name).write_bytes(content)

        try:
            values = values_for(place, {"HOME": place})
        except SettingsError as error:
            assert error.hint
            return

    assert all(value.line for value in values if value.file)
