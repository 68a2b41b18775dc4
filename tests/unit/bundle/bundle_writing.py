"""Write small outputs of bundlers by hand."""

import json

from buildopt.bundle.analysis import analyse, plain_means
from tests.unit.bundle.map_writing import map_of


def write_chunk(folder, name, parts, *, comment=None, wrapper=("", "")):
    """A file of one line made of `(source, text)`, with its map beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    line = []
    text = wrapper[0]
    sources = list(dict.fromkeys(source for source, _ in parts))
    for source, code in parts:
        line.append((len(text), sources.index(source)))
        text += code
    if wrapper[1]:
        line.append((len(text), None))
    text += wrapper[1]
    comment = f"//# sourceMappingURL={name.rpartition('/')[2]}.map" if comment is None else comment
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n{comment}\n")
    (folder / f"{name}.map").write_bytes(map_of(sources, [line]))
    return path


def write_lock(folder, versions):
    """npm's lock file for `{place: version}`."""
    packages = {place: {"version": version} for place, version in versions.items()}
    (folder / "package-lock.json").write_text(json.dumps({"packages": packages}))


def write_metafile(folder, imports, outputs, entry):
    """esbuild's metafile for `{importer: [imported]}` and `{output: [loaded]}`."""
    names = {name for pair in imports.items() for name in (pair[0], *pair[1])}
    inputs = {
        name: {"bytes": 1, "imports": [{"path": path} for path in imports.get(name, ())]}
        for name in sorted(names)
    }
    written = {
        name: {"imports": [{"path": path, "kind": "import-statement"} for path in loaded]}
        for name, loaded in outputs.items()
    }
    written[entry[0]]["entryPoint"] = entry[1]
    (folder / "meta.json").write_text(json.dumps({"inputs": inputs, "outputs": written}))


def analysed(folder, encodings=("gzip",)):
    """The analysis of a folder, nothing remembered."""
    return analyse(str(folder), plain_means(encodings))


def kinds_of(findings):
    """Kinds and subjects, sorted."""
    return sorted((finding.kind, finding.subject) for finding in findings)
