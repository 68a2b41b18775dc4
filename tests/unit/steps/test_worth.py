from buildopt.steps.worth import RUNS_UNTIL_RETRY, STRIKES, Worth, keep, load


def after(answers, worth=None):
    worth = worth or Worth()
    for saved_s in answers:
        worth = worth.after_answer(saved_s)
    return worth


def test_answers_in_a_row_that_save_nothing_end_in_plain_runs():
    assert after([0.0] * (STRIKES - 1)).is_answered
    assert not after([0.0] * STRIKES).is_answered


def test_answer_that_saves_time_makes_up_for_those_before():
    assert after([0.0] * (STRIKES - 1) + [0.1] + [0.0] * (STRIKES - 1)).is_answered


def test_step_is_tried_again_after_some_runs_and_left_after_one_more_answer_in_vain():
    worth = after([0.0] * STRIKES)
    for _ in range(RUNS_UNTIL_RETRY):
        assert not worth.is_answered
        worth = worth.after_run()

    assert worth.is_answered
    assert not worth.after_answer(0.0).is_answered
    assert worth.after_answer(0.1) == Worth()


def test_what_is_known_is_kept(tmp_path):
    path = str(tmp_path / "x.worth")
    assert load(path) == Worth()

    keep(path, Worth(2, 3), Worth())

    assert load(path) == Worth(2, 3)
    (tmp_path / "x.worth").write_bytes(b"2 many")
    assert load(path) == Worth()
