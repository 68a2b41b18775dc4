"""The page about bundles names every key, kind of finding and form of budget."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from buildopt.bundle import budgets, compare, model, reason

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/bundles.md").read_text()
RECORDS = [
    *(model.BundleAnalysis, model.Compressor, model.OutputFile, model.Sizes, model.Entry),
    *(model.Attribution, model.Package, model.Module, model.Duplicate, model.Why),
    *(model.Finding, model.Problem, model.Tool, model.ArchiveAnalysis, model.ArchiveSize),
    *(model.ArchiveFile, model.NativeLibrary, model.ArchiveFolder),
    *(compare.Comparison, compare.FileChange, compare.PackageChange, compare.ModuleChange),
    *(reason.Answer, reason.Way, budgets.CheckResult, budgets.Verdict, compare.Usual),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_key_is_documented(record):
    names = getattr(record, "__struct_fields__", None) or [field.name for field in fields(record)]

    missing = [name for name in names if f"`{name}`" not in PAGE]

    assert missing == []


def test_every_kind_of_finding_is_documented():
    texts = [path.read_text() for path in (ROOT / "buildopt/bundle").glob("*.py")]
    code = "".join(text for text in texts if "Finding(" in text)

    told = set(re.findall(r"^\| `([a-z-]+)` \| .*$", PAGE.partition("## Findings")[2], re.M))

    assert set(re.findall(r'kind="([a-z-]+)"', code)) == told


def test_every_budget_of_the_page_is_one():
    forms = re.findall(r"^    (\S+<=\S+)", PAGE.partition("## Budgets")[2], re.M)

    assert len(forms) == 10
    for form in forms:
        budgets.parse_budget(form)
