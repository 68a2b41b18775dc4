"""Random ways to name a file: what was told leads to the file that the kernel really opened."""

import json
import os

import pytest

from buildopt.observe.access import Operation

PROGRAM = """
import json, random
random.seed(int(sys.argv[1]))

WORDS = [".", "..", "", "a", "b", "d", "e", "to-d", "to-e", "to-a", "up", "self", "top", "no"]
top = os.getcwd()
os.makedirs("d/e")
for name in ("a", "b", "d/a", "d/e/a", "d/b"):
    open(name, "w").close()
for link, target in {
    "to-d": "d", "to-e": "./d//e", "d/up": "..", "self": ".", "dangling": "no/where",
    "d/to-a": "../a", "d/e/top": top, "d/e/up": "../../d",
}.items():
    os.symlink(target, link)
folders = [-100, os.open("d", os.O_PATH)]
opened = []
for number in range(1500):
    path = "/".join(random.choice(WORDS) for _ in range(random.randint(1, 6)))
    if random.random() < 0.2:
        path = f"{top}/{path}"
    elif path.startswith("/"):
        path = "." + path
    what = random.random()
    try:
        if what < 0.15:
            os.chdir(path)
        elif what < 0.2:
            os.fchdir(random.choice(folders[1:]))
        elif what < 0.35:
            folders.append(os.open(path, os.O_PATH | os.O_DIRECTORY))
    except OSError:
        pass
    if what < 0.35:
        continue
    flags = random.choice([os.O_RDONLY, os.O_RDONLY, os.O_PATH, os.O_NOFOLLOW])
    syscall("faccessat2", -100, b"/marker/%d" % number, 0, 0)
    file = syscall("openat", random.choice(folders), path.encode(), flags, 0)
    syscall("faccessat2", -100, b"/marker/end", 0, 0)
    if file >= 0:
        opened.append([number, os.readlink(f"/proc/self/fd/{file}"), path])
        os.close(file)
print(json.dumps(opened))
"""


@pytest.mark.parametrize("seed", range(8))
def test_told_path_leads_to_the_file_that_was_opened(observe, seed):
    told = observe.python(PROGRAM, str(seed))

    opened = json.loads(told.out)
    by_number = opens_by_number(told.accesses)
    assert told.incomplete == set()
    assert len(opened) > 50
    for number, real, path in opened:
        [access] = by_number[number]
        assert reached(access) == real, path


def opens_by_number(accesses):
    found, number = {}, None
    for access in accesses:
        if access.path.startswith("/marker/"):
            number = None if access.path.endswith("end") else int(access.path[8:])
        elif number is not None and access.operation is Operation.OPEN:
            found.setdefault(number, []).append(access)
    return found


def reached(access):
    if access.follows:
        return os.path.realpath(access.path)
    folder, name = os.path.split(access.path)
    return os.path.join(os.path.realpath(folder), name)
