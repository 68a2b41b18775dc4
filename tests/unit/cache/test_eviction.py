"""Which records go: the unused first, then those that save the least for their size."""

from hypothesis import given
from hypothesis import strategies as st

from buildopt.cache.eviction import DAY_S, FILL_RATIO, HALF_LIFE_S, Limits, Record, Stock, choose

NOW_S = 1_800_000_000.0
UNLIMITED = 10**12


def record(name, *, age_s=0.0, saved_s=1.0, own_bytes=0, parts=()):
    return Record(name, f"task of {name}", NOW_S - age_s, saved_s, own_bytes, parts)


def stock(*records, **part_bytes):
    total = sum(r.own_bytes for r in records) + sum(part_bytes.values())
    return Stock(records, part_bytes, total)


def names(chosen):
    return [record.path for record in chosen]


def test_nothing_goes_within_the_limits():
    held = stock(record("a", own_bytes=60), record("b", own_bytes=40))

    assert choose(held, Limits(100, 30 * DAY_S), NOW_S) == ()


def test_what_saves_the_least_for_its_bytes_goes_first():
    held = stock(
        record("slow and large", saved_s=100, own_bytes=1_000),
        record("quick and large", saved_s=1, own_bytes=1_000),
        record("quick and small", saved_s=1, own_bytes=10),
    )

    assert names(choose(held, Limits(1_500, UNLIMITED), NOW_S)) == ["quick and large"]


def test_of_equal_records_the_one_longest_unused_goes_first():
    held = stock(
        record("new", age_s=1, own_bytes=100),
        record("old", age_s=100, own_bytes=100),
    )

    assert names(choose(held, Limits(190, UNLIMITED), NOW_S)) == ["old"]


def test_after_a_half_life_a_record_is_worth_half():
    older = record("older", age_s=HALF_LIFE_S, saved_s=3, own_bytes=100)
    newer = record("newer", saved_s=1, own_bytes=100)

    assert names(choose(stock(older, newer), Limits(190, UNLIMITED), NOW_S)) == ["newer"]

    older = older._replace(saved_s=1.9)

    assert names(choose(stock(older, newer), Limits(190, UNLIMITED), NOW_S)) == ["older"]


def test_what_nobody_used_for_long_goes_though_there_is_room():
    held = stock(record("a", age_s=31 * DAY_S, saved_s=9_999), record("b", age_s=29 * DAY_S))

    assert names(choose(held, Limits(UNLIMITED, 30 * DAY_S), NOW_S)) == ["a"]


def test_what_goes_by_age_makes_room_for_the_rest():
    old = record("old", age_s=31 * DAY_S, saved_s=9_999, own_bytes=50)
    new = record("new", saved_s=0, own_bytes=80)

    assert names(choose(stock(old, new), Limits(100, 30 * DAY_S), NOW_S)) == ["old"]


def test_a_content_that_another_record_keeps_frees_nothing():
    held = stock(
        record("a", parts=("shared",), age_s=3),
        record("b", parts=("shared", "own"), age_s=2),
        record("c", parts=("third",), age_s=1, saved_s=100),
        shared=100, own=10, third=100,
    )  # fmt: skip

    chosen = choose(held, Limits(200, UNLIMITED), NOW_S)

    assert set(names(chosen)) == {"a", "b"}  # only with both of them the shared content goes


def test_nothing_of_a_task_in_use_goes():
    held = stock(
        record("busy", age_s=99 * DAY_S, own_bytes=100, saved_s=0),
        record("idle", own_bytes=100),
    )

    chosen = choose(held, Limits(100, 30 * DAY_S), NOW_S, pinned={"task of busy"})

    assert names(chosen) == ["idle"]


def test_a_use_in_the_future_is_one_of_now():
    held = stock(record("ahead", age_s=-999 * DAY_S, own_bytes=9), record("now", own_bytes=10))

    assert names(choose(held, Limits(18, UNLIMITED), NOW_S)) == ["now"]


RECORDS = st.lists(
    st.builds(
        Record,
        path=st.uuids().map(str),
        task=st.sampled_from("xyz"),
        used_s=st.floats(NOW_S - 60 * DAY_S, NOW_S + DAY_S),
        saved_s=st.floats(0, 1e5),
        own_bytes=st.integers(0, 10_000),
        parts=st.sets(st.sampled_from("abcdef")).map(lambda parts: tuple(sorted(parts))),
    ),
    max_size=12,
)


@given(RECORDS, st.integers(1, 60_000), st.sets(st.sampled_from("xyz"), max_size=1))
def test_what_stays_is_within_the_limits_and_no_more_went_than_had_to(records, limit, pinned):
    part_bytes = dict.fromkeys("abcdef", 3_000)

    def held_bytes(kept):
        parts = {part for record in kept for part in record.parts}
        return sum(record.own_bytes for record in kept) + 3_000 * len(parts)

    held = Stock(tuple(records), part_bytes, held_bytes(records))
    limits = Limits(limit, 30 * DAY_S)

    chosen = choose(held, limits, NOW_S, pinned)

    kept = [record for record in records if record not in chosen]
    free = [record for record in kept if record.task not in pinned]
    assert not any(record.task in pinned for record in chosen)
    assert all(NOW_S - record.used_s <= limits.age_s for record in free)
    assert held_bytes(kept) <= limit or not free
    last = chosen[-1:]
    if last and NOW_S - last[0].used_s <= limits.age_s:  # chosen for its value
        assert held_bytes([*kept, *last]) > limit * FILL_RATIO
