"""The page of a bundle, an archive or a comparison as one HTML file."""

from __future__ import annotations

from buildopt.bundle.compare import Comparison
from buildopt.bundle.model import Analysis, BundleAnalysis
from buildopt.report.bundle.data import data_of
from buildopt.report.bundle.view import BundleView, view_of, view_of_comparison
from buildopt.report.page import asset, render

SCRIPT = "bundle.js"
LIMIT_BYTES = 299_000
"""Of a page whatever the build, less a line that says what there was no room for."""


def page_of_analysis(analysis: Analysis) -> bytes:
    """The page, UTF-8."""
    return _page(view_of(analysis))


def page_of_comparison(before: BundleAnalysis, after: BundleAnalysis, found: Comparison) -> bytes:
    """The page of what changed between two builds, UTF-8."""
    return _page(view_of_comparison(before, after, found))


def _page(view: BundleView) -> bytes:
    script = asset(SCRIPT)
    without = _rendered(view, script, ("", "", ""))
    if not script:
        return without
    room_bytes = LIMIT_BYTES - len(without)
    return _rendered(
        view, script, data_of(view.forest, view.facts | {"hues": view.hues}, room_bytes)
    )


def _rendered(view: BundleView, script: str, data: tuple[str, str, str]) -> bytes:
    names = ("data_type", "data", "left_out")
    facts = {"view": view, **dict(zip(names, data, strict=True))}
    styles = ("tokens.css", "page.css", "bundle/treemap.css", "bundle/bundle.css")
    return render("bundle/bundle.html.j2", facts, styles=styles, script=script)
