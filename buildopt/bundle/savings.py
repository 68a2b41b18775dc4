"""By how much the output shrinks without a package: compressed with and without, and compared.

Sizes of single modules do not add up once they are compressed; what leaving one out saves does
not either, but it is what a user gets. Lower levels than those of the files, stated beside the
figures: the difference is what matters, and they are fast enough for ten packages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec.structs import replace

from buildopt.bundle.attribution import Span
from buildopt.bundle.map_comment import find_map_comment
from buildopt.bundle.map_search import GeneratedFile, generated_file, spans_in
from buildopt.bundle.measurement import LARGEST_FILE_BYTES
from buildopt.bundle.model import BundleAnalysis, Duplicate, Finding, Sizes
from buildopt.bundle.modules import package_copy, plain_name
from buildopt.bundle.place import Place
from buildopt.bundle.reading import read_whole
from buildopt.bundle.sizes import brotli_method, gzip_method, measure

GZIP_LEVEL = 6
BROTLI_QUALITY = 5
MOST_PACKAGES = 10
_METHODS = (gzip_method(GZIP_LEVEL), brotli_method(BROTLI_QUALITY))


def with_savings(analysis: BundleAnalysis, place: Place) -> BundleAnalysis:
    """The analysis with the saving of its largest packages, of duplicates and of inline maps."""
    largest = {package.instance for package in analysis.packages[:MOST_PACKAGES]}
    duplicates = {duplicate.name: duplicate for duplicate in analysis.duplicates}
    return replace(
        analysis,
        packages=tuple(
            replace(package, saving=_saving(place, package.files, {package.instance}))
            if package.instance in largest
            else package
            for package in analysis.packages
        ),
        findings=tuple(
            _with_saving(finding, analysis, place, duplicates) for finding in analysis.findings
        ),
        saving_compressors=tuple(method.compressor for method in _METHODS),
    )


def _with_saving(
    finding: Finding, analysis: BundleAnalysis, place: Place, duplicates: Mapping[str, Duplicate]
) -> Finding:
    """The finding with its saving, where leaving something out is the way to mend it."""
    if finding.kind == "inline-map":
        return replace(finding, saving=_saving_of_comment(generated_file(place, finding.subject)))
    if finding.kind == "duplicate":
        extra = set(duplicates[finding.subject].instances[1:])  # the largest copy stands first
        files = {name for p in analysis.packages if p.instance in extra for name in p.files}
        return replace(finding, saving=_saving(place, sorted(files), extra))
    if finding.modules:
        names = frozenset(finding.modules)
        files = {module.file for module in analysis.modules if module.name in names}
        kept = _largest_home(finding, analysis) if finding.kind == "repeated" else ""
        left_out = sorted(files - {kept})
        return replace(
            finding, saving=_saved(place, left_out, lambda source: plain_name(source) in names)
        )
    return finding


def _largest_home(finding: Finding, analysis: BundleAnalysis) -> str:
    """The file that keeps modules which others hold too."""
    names = frozenset(finding.modules)
    counts: Counter[str] = Counter()
    for module in analysis.modules:
        if module.name in names:
            counts[module.file] += module.bytes
    return max(counts, key=lambda file: (counts[file], file))


def _saving(place: Place, names: Iterable[str], instances: Collection[str]) -> Sizes:
    """By how much these files shrink without these copies of packages."""

    def is_left_out(source: str) -> bool:
        copy = package_copy(source)
        return copy is not None and copy.instance in instances

    return _saved(place, names, is_left_out)


def _saved(place: Place, names: Iterable[str], is_left_out: Callable[[str], bool]) -> Sizes:
    """By how much these files shrink without what these sources own."""
    saved = []
    for name in names:
        file = generated_file(place, name)
        content = read_whole(file.path, LARGEST_FILE_BYTES)
        rest = _without(is_left_out, content, spans_in(content, file))
        saved.append(_difference(content, rest))
    return Sizes(
        raw=sum(one.raw for one in saved),
        gzip=sum(one.gzip or 0 for one in saved),
        brotli=sum(one.brotli or 0 for one in saved),
    )


def _saving_of_comment(file: GeneratedFile) -> Sizes:
    """By how much a file shrinks without the comment that holds its map."""
    content = read_whole(file.path, LARGEST_FILE_BYTES)
    comment = find_map_comment(content)
    rest = content[: comment.start] + content[comment.end :] if comment else content
    return _difference(content, rest)


def _difference(content: bytes, rest: bytes) -> Sizes:
    whole, smaller = measure(content, _METHODS), measure(rest, _METHODS)
    return Sizes(
        raw=whole.raw - smaller.raw,
        gzip=(whole.gzip or 0) - (smaller.gzip or 0),
        brotli=(whole.brotli or 0) - (smaller.brotli or 0),
    )


def _without(is_left_out: Callable[[str], bool], content: bytes, spans: Iterable[Span]) -> bytes:
    """The text of a file less the stretches of these sources."""
    kept = []
    reached = 0
    for start, end, source in spans:
        if is_left_out(source):
            kept.append(content[reached:start])
            reached = end
    return b"".join([*kept, content[reached:]])
