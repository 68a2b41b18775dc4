"""Where keys stand in TOML and JSON, held against the parsers of the standard library."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildopt.settings.files import Part
from buildopt.settings.json_lines import json_keys
from buildopt.settings.lines import line_of
from buildopt.settings.toml_lines import toml_keys

SAMPLE = '''# [tasks.none]
plain = "a # b = c"   # quiet = true
"quo\\"ted" = 'x = 1'
 dotted . "a.b" . 'c d' = [1, [2, "]"], { in = 1, more.deep = [{ x = 1 }] }]
long = """
[not.a.table]
key = 1 \\"""
""" # still = 1
literal = \'\'\'
no = 2
''\'\'\'
empty = ""
numbers = [
  1, # one = 1
  2e3, 1979-05-27T07:32:00Z,
]

[table] # comment
below = { }
[table."sub.table"]
x = true
[[many]]
y = 1
[[many]]
[many.z]
w = inf
'''


def part(text, prefix=(), name="buildopt.toml"):
    return Part(path=name, shown=name, text=text, prefix=prefix, table={})


def paths(value, above=()):
    """The path of every key in parsed TOML or JSON."""
    if isinstance(value, list):
        return {path for item in value for path in paths(item, above)}
    if not isinstance(value, dict):
        return set()
    found = {(*above, name) for name in value}
    return found.union(*(paths(item, (*above, name)) for name, item in value.items()))


def prefixes(found):
    """Each path and all above it: a dotted key makes tables without a line of their own."""
    return {path[: size + 1] for path in found for size in range(len(path))}


def test_every_key_of_a_toml_text_is_found():
    found = [path for path, _ in toml_keys(SAMPLE)]

    assert prefixes(found) == paths(tomllib.loads(SAMPLE))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("plain",), 2),
        (('quo"ted',), 3),
        (("dotted", "a.b", "c d"), 4),
        (("dotted", "a.b", "c d", "more", "deep", "x"), 4),
        (("long",), 5),
        (("literal",), 9),
        (("empty",), 12),
        (("table",), 18),
        (("table", "sub.table", "x"), 21),
        (("many", "z", "w"), 26),
        (("nowhere",), 0),
    ],
)
def test_the_line_of_a_toml_key_is_that_of_its_first_mention(path, line):
    assert line_of(part(SAMPLE), path) == line


def test_the_line_is_one_of_our_part():
    text = "[project]\nquiet = 1\n[tool.other]\nquiet = 2\n[tool.buildopt]\nquiet = true\n"

    assert line_of(part(text, ("tool", "buildopt"), "pyproject.toml"), ("quiet",)) == 6


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_every_key_of_a_json_text_is_found_where_it_stands(value, indent, ensure_ascii):
    text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)

    found = list(json_keys(text))

    assert {path for path, _ in found} == paths(value)
    assert all(text[start] == '"' for _, start in found)


def as_toml(value):
    """A value as TOML writes it inline."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {as_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + ", # ]\n".join(map(as_toml, value)) + "\n]"
    return json.dumps(value)


PLAIN_NAMES = st.text(st.sampled_from("ab.#=]}\"'\\ \n"), min_size=1, max_size=4)
TOML = st.recursive(
    st.booleans() | st.integers(0, 9) | PLAIN_NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN_NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(PLAIN_NAMES, TOML, max_size=3), st.dictionaries(PLAIN_NAMES, TOML, max_size=3)
)
def test_every_key_of_any_toml_text_is_found_on_its_line(top, table):
    lines = [f"{json.dumps(name)} = {as_toml(value)}" for name, value in top.items()]
    lines += ["[x.'y z']", *(f"{json.dumps(name)} = {as_toml(v)}" for name, v in table.items())]
    text = "\n".join(lines)

    found = list(toml_keys(text))

    assert prefixes({path for path, _ in found}) == paths(tomllib.loads(text))
    assert all(text[start] in '"[' for _, start in found)
