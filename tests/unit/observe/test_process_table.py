from buildopt.observe.process_table import ProcessTable, fields_of, process_of


def test_a_process_keeps_its_start_when_it_runs_another_program():
    table = ProcessTable()
    table.started(7, 1, ("sh",), 10)

    table.started(7, 1, ("cc", "a.c"), 20)
    table.ended(7, 30, 0.5, 1024, 0)

    (row,) = table.rows()
    assert (row.argv, row.started_ns, row.ended_ns) == (("cc", "a.c"), 10, 30)
    assert (row.cpu_s, row.peak_memory_bytes, row.exit_code) == (0.5, 1024, 0)


def test_a_number_that_is_used_again_is_another_process():
    table = ProcessTable()
    table.started(7, 1, ("one",), 10)
    table.ended(7, 20, 0.0, 0, 0)
    table.started(7, 1, ("two",), 30)

    assert [row.argv for row in table.rows()] == [("one",), ("two",)]


def test_arguments_are_known_while_a_process_lives():
    table = ProcessTable()
    table.started(7, 1, ("npm", "ci"), 10)

    assert table.argv(7) == ("npm", "ci")
    assert table.argv(8) == ()


def test_a_process_survives_the_round_trip_to_plain_values():
    table = ProcessTable()
    table.started(7, 1, ("sh",), 10)
    table.ended(7, 20, 0.0, 0, None)
    (row,) = table.rows()

    assert process_of(fields_of(row)) == row
