"""The page of a bundle, an archive or a comparison as one HTML file."""

from __future__ import annotations

from buildopt.bundle.compare import Comparison
from buildopt.bundle.model import Analysis, BundleAnalysis
from buildopt.report.bundle.data import data_of
from buildopt.report.bundle.view import BundleView, view_of, view_of_comparison
from buildopt.report.page import asset, render

SCRIPT = "bundle.js"


def page_of_analysis(analysis: Analysis) -> bytes:
    """The page, UTF-8."""
    return _page(view_of(analysis))


def page_of_comparison(before: BundleAnalysis, after: BundleAnalysis, found: Comparison) -> bytes:
    """The page of what changed between two builds, UTF-8."""
    return _page(view_of_comparison(before, after, found))


def _page(view: BundleView) -> bytes:
    script = asset(SCRIPT)
    facts: dict[str, object] = {"view": view, "left_out": ""}
    if script:
        names = ("data_type", "data", "left_out")
        found = data_of(view.forest, view.facts | {"hues": view.hues})
        facts |= dict(zip(names, found, strict=True))
    styles = ("tokens.css", "page.css", "bundle/bundle.css")
    return render("bundle/bundle.html.j2", facts, styles=styles, script=script)
