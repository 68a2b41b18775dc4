"""Wheels, source distributions and other archives."""

import io
import os
import struct
import tarfile
import zipfile

import pytest

from buildopt.bundle.elf import MalformedElf, read_elf
from buildopt.errors import UsageError
from tests.unit.bundle.bundle_writing import analysed, kinds_of

NAME = "app-1.0-py3-none-any.whl"


def elf_of(*, bits=64, order="<", symbols=b"s" * 48, needed=("libm.so.6", "libc.so.6")):
    """A library with a name table, a dynamic section, text that is loaded, and symbols."""
    names = b"\0.shstrtab\0.dynstr\0.dynamic\0.bss\0.symtab\0"
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in needed)
    pair = f"{order}qQ" if bits == 64 else f"{order}iI"
    tags = [(1, strings.index(name.encode())) for name in needed]
    dynamic = b"".join(struct.pack(pair, *tag) for tag in [*tags, (0, 0), (1, 99)])
    header_size = 64 if bits == 64 else 52
    contents = [(".shstrtab", 3, names, 0), (".dynstr", 3, strings, 0), (".dynamic", 6, dynamic, 2)]
    contents += [(".symtab", 2, symbols, 2)] if symbols else []
    body, headers = b"", [bytes(64 if bits == 64 else 40)]
    layout = f"{order}IIQQQQIIQQ" if bits == 64 else f"{order}IIIIIIIIII"
    for name, kind, data, link in contents:
        place = header_size + len(body)
        index = names.index(name.encode())
        headers.append(struct.pack(layout, index, kind, 0, 0, place, len(data), link, 0, 1, 0))
        body += data
    bss = struct.pack(
        layout, names.index(b".bss"), 8, 0, 0, header_size + len(body), 999, 0, 0, 1, 0
    )
    headers.append(bss)
    table = header_size + len(body)
    start = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    if bits == 64:
        rest = struct.pack(
            f"{order}HHIQQQIHHHHHH", 3, 62, 1, 0, 0, table, 0, 64, 0, 0, 64, len(headers), 1
        )
    else:
        rest = struct.pack(
            f"{order}HHIIIIIHHHHHH", 3, 40, 1, 0, 0, table, 0, 52, 0, 0, 40, len(headers), 1
        )
    return start + rest + body + b"".join(headers)


def wheel(folder, files, name=NAME):
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return path


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_sections_and_needed_libraries_are_read(bits, order):
    found = read_elf(elf_of(bits=bits, order=order))

    sizes = {section.name: section.size for section in found.sections}
    assert (sizes[".symtab"], sizes[".bss"]) == (48, 999)
    assert found.needed == ("libm.so.6", "libc.so.6")
    assert not found.is_stripped


def test_a_library_without_symbols_is_stripped():
    assert read_elf(elf_of(symbols=b"")).is_stripped


@pytest.mark.parametrize("length", [4, 5, 20, 63, 70, 200])
def test_a_library_that_is_cut_off_is_refused(length):
    with pytest.raises(MalformedElf):
        read_elf(elf_of()[:length])


def test_no_byte_of_a_library_that_is_changed_does_more_than_refuse_it():
    content = elf_of()

    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        try:
            read_elf(bytes(changed))
        except MalformedElf:
            continue


def test_a_wheel_is_summed_up_from_its_directory(tmp_path):
    path = wheel(tmp_path, {"app/a.py": "x" * 5000, "app/b.py": "", "app-1.0.dist-info/WHEEL": "W"})

    found = analysed(path)

    assert (found.archive.format, found.archive.entries) == ("wheel", 3)
    assert found.archive.bytes == os.path.getsize(path)
    assert found.archive.uncompressed == 5001
    assert [(file.path, file.raw) for file in found.files][1:] == [
        ("app/a.py", 5000),
        ("app/b.py", 0),
    ]
    assert all(file.compressed is not None for file in found.files)
    assert set(found.folders) == {"app/", "app-1.0.dist-info/"}


def test_an_unstripped_library_is_told_with_what_strip_would_save(tmp_path):
    path = wheel(tmp_path, {"app/core.so": elf_of(symbols=os.urandom(4800))})

    found = analysed(path)

    assert [(n.path, n.stripped, n.needed) for n in found.native] == [
        ("app/core.so", False, ("libm.so.6", "libc.so.6"))
    ]
    (finding,) = found.findings
    assert (finding.kind, finding.saving.raw) == ("unstripped", 4800)
    assert 4700 < finding.saving.gzip < 4900


def test_a_broken_library_is_named_and_the_rest_goes_on(tmp_path):
    path = wheel(tmp_path, {"app/core.so": elf_of()[:90], "app/a.py": "x"})

    found = analysed(path)

    assert [problem.path for problem in found.problems] == ["app/core.so"]
    assert found.archive.entries == 2


def test_tests_and_equal_files_in_a_wheel_are_told(tmp_path):
    files = {"app/tests/test_a.py": "t", "app/a.bin": "b" * 2000, "app/b.bin": "b" * 2000}

    found = analysed(wheel(tmp_path, files))

    assert kinds_of(found.findings) == [
        ("identical-files", "app/a.bin"),
        ("not-needed", "app/tests/"),
    ]


def test_a_record_that_lies_is_told(tmp_path):
    record = "app/a.py,sha256=x,7\napp/gone.py,,\napp-1.0.dist-info/RECORD,,\n"
    files = {"app/a.py": "x", "app/new.py": "", "app-1.0.dist-info/RECORD": record}

    found = analysed(wheel(tmp_path, files))

    (finding,) = found.findings
    assert finding.kind == "record"
    assert finding.message.startswith("3 lines wrong")


def test_names_that_lead_out_of_the_folder_are_told_and_nothing_is_unpacked(tmp_path):
    path = wheel(tmp_path, {"../evil.py": "x", "/abs.py": "x", "app/a.py": "x"})

    found = analysed(path)

    assert kinds_of(found.findings) == [("path-outside", "../evil.py"), ("path-outside", "/abs.py")]
    assert [entry.name for entry in tmp_path.iterdir()] == [NAME]


def sdist(folder, files):
    path = folder / "app-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(folder_info("app-1.0"))
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def folder_info(name):
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


def test_a_source_distribution_has_no_compressed_size_for_each_file(tmp_path):
    path = sdist(tmp_path, {"app-1.0/a.py": b"x" * 40, "app-1.0/core.so": elf_of()})

    found = analysed(path)

    assert [(file.path, file.compressed) for file in found.files] == [
        ("app-1.0/a.py", None),
        ("app-1.0/core.so", None),
    ]
    assert found.archive.entries == 2
    assert [native.path for native in found.native] == ["app-1.0/core.so"]


def test_a_folder_of_one_archive_is_that_archive_and_of_two_both(tmp_path):
    dist = tmp_path / "dist"
    dist.mkdir()
    wheel(dist, {"app/a.py": "x"})
    alone = analysed(tmp_path)
    sdist(dist, {"app-1.0/a.py": b"x"})

    both = analysed(tmp_path)

    assert alone.kind == "archive"
    assert [one.archive.format for one in both.archives] == ["wheel", "tar"]


@pytest.mark.parametrize("name", [NAME, "app-1.0.tar.gz"])
def test_an_archive_that_is_cut_off_is_refused(tmp_path, name):
    whole = (
        wheel(tmp_path, {"a.py": "x" * 900}, name)
        if name == NAME
        else sdist(tmp_path, {"a": b"x" * 90_000})
    )
    whole.write_bytes(whole.read_bytes()[:70])

    with pytest.raises(UsageError, match="cannot read the archive"):
        analysed(whole)


def test_a_bomb_is_not_unpacked(tmp_path):
    path = wheel(tmp_path, {"app/zeros.so": bytes(20_000_000)})

    found = analysed(path)

    assert found.archive.uncompressed == 20_000_000
    assert found.native == ()


def test_a_tar_that_claims_to_hold_too_much_is_read_up_to_there(tmp_path):
    path = tmp_path / "app-1.0.tar.gz"
    huge = tarfile.TarInfo("app-1.0/huge")
    huge.size = 5_000_000_000
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("app-1.0/a.py"))
        archive.fileobj.write(huge.tobuf())

    found = analysed(path)

    assert [file.path for file in found.files] == ["app-1.0/a.py"]
    assert "not read" in found.problems[0].message
