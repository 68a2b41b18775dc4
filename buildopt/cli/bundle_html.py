"""The page of `--html`: made, and written where it was asked for."""

from __future__ import annotations

import os

import click

from buildopt.bundle.compare import Comparison
from buildopt.bundle.model import Analysis, BundleAnalysis
from buildopt.cache import files
from buildopt.errors import BuildoptError
from buildopt.report.bundle.html import page_of_analysis, page_of_comparison


def write_analysis(found: Analysis, path: str, *, tells_on_stderr: bool) -> None:
    """The page of an analysis."""
    _write(page_of_analysis(found), path, tells_on_stderr=tells_on_stderr)


def write_comparison(
    sides: tuple[BundleAnalysis, BundleAnalysis],
    found: Comparison,
    path: str,
    *,
    tells_on_stderr: bool,
) -> None:
    """The page of two builds."""
    _write(page_of_comparison(*sides, found), path, tells_on_stderr=tells_on_stderr)


def _write(page: bytes, path: str, *, tells_on_stderr: bool) -> None:
    target = os.path.abspath(path)
    try:
        files.put(target, page)
    except OSError as error:
        raise BuildoptError(
            f"cannot write the page `{target}`: {error.strerror}",
            hint="give a file in a folder that can be written with --html",
            slug="report-not-written",
        ) from error
    click.echo(f"page in {click.format_filename(target)}", err=tells_on_stderr)
