from buildopt.path_tree import lines_of


def shown(paths, most_lines=0):
    lines = lines_of(paths, most_lines=most_lines)
    return [
        "  " * line.depth + line.name + (f" {line.below}" if line.below else "") for line in lines
    ]


def test_every_path_is_a_line_below_its_folder():
    assert shown(["src/a", "src/b", "top"]) == ["src/ 2", "  a", "  b", "top"]


def test_folder_with_one_member_shares_its_line():
    assert shown(["x/y/z/a", "/usr/lib/b"]) == ["/usr/lib/b", "x/y/z/a"]


def test_folder_that_is_a_path_itself_stands_before_its_members():
    assert shown(["dist", "dist/a", "dist/b"]) == ["dist", "dist/ 2", "  a", "  b"]


def test_largest_folder_stays_folded_where_lines_are_few():
    many = [f"node_modules/p{number}/index.js" for number in range(100)]

    assert shown([*many, "src/a", "src/b"], most_lines=10) == [
        "node_modules/ 100",
        "src/ 2",
        "  a",
        "  b",
    ]


def test_every_path_is_counted_exactly_once_whatever_is_folded():
    paths = [f"d{number % 7}/e{number % 3}/f{number}" for number in range(200)]
    lines = lines_of(paths, most_lines=20)

    tops = [line for line in lines if line.depth == 0]

    assert sum(line.below or 1 for line in tops) == len(paths)


def test_no_paths_give_no_lines():
    assert lines_of([], most_lines=5) == ()
