"""What a page loads, and what a visitor waits for."""

import pytest

from buildopt.bundle.download import download_s
from buildopt.bundle.graph import Closure
from buildopt.bundle.loading import closure_of_page, entries_of, roles_of
from buildopt.bundle.model import OutputFile


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("main.js", "a/main.js"),
        ("./main.js?v=1", "a/main.js"),
        ("../main.js", "main.js"),
        ("/assets/main.js#x", "assets/main.js"),
        ("m%C3%A4in.js", "a/mäin.js"),
    ],
)
def test_the_address_of_a_script_is_seen_from_its_page(address, path):
    page = f'<SCRIPT src="{address}"></script>'.encode()

    assert closure_of_page("a/index.html", page).initial == ("a/index.html", path)


def test_styles_and_modules_to_load_ahead_count_and_icons_do_not():
    page = b"""<link rel=stylesheet href=/a.css><link rel="modulepreload" href="/b.js">
        <link rel=icon href=/i.png><link rel=prefetch href=/c.js><script>inline()</script>"""

    assert closure_of_page("index.html", page).initial == ("index.html", "a.css", "b.js")


@pytest.mark.parametrize("address", ["https://example.com/x.js", "//example.com/x.js", "data:,x"])
def test_what_another_host_serves_is_left_out(address):
    page = f'<script src="{address}"></script>'.encode()

    assert closure_of_page("index.html", page).initial == ("index.html",)


@pytest.mark.parametrize("page", [b"", b"<", b"\xff\xfe<script src=\x00>", b"<script src>" * 99])
def test_a_broken_page_loads_nothing_else(page):
    assert closure_of_page("index.html", page).initial[0] == "index.html"


def output_file(path, raw):
    return OutputFile(path=path, raw=raw, gzip=raw // 2, brotli=None, zstd=None, sha256="")


def test_an_entry_costs_what_its_files_have_in_the_smallest_encoding():
    files = [output_file("dist-a.js", 1000), output_file("b.js", 400)]
    closure = Closure(name="main", initial=("web/dist-a.js", "gone.js"), lazy=("b.js",))

    (entry,) = entries_of([closure], files)

    assert (entry.initial, entry.lazy) == (("dist-a.js",), ("b.js",))
    assert (entry.initial_sizes.gzip, entry.lazy_sizes.raw) == (500, 400)
    assert entry.download_s == download_s(500)


def test_a_file_that_one_entry_loads_at_once_is_initial_even_if_another_loads_it_later():
    files = [output_file("a.js", 1), output_file("b.js", 1)]
    closures = [
        Closure(name="one", initial=("a.js",), lazy=("b.js",)),
        Closure(name="two", initial=("b.js",), lazy=()),
    ]

    assert roles_of(entries_of(closures, files)) == {"a.js": "initial", "b.js": "initial"}


def test_the_time_is_that_of_the_round_trips_and_of_the_bytes():
    assert download_s(0) == {"slow 4G": 0.6, "3G": 1.2}
    assert download_s(700_000 // 8)["3G"] == 2.2
