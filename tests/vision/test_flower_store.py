import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vision import flower_filter as ff
from vision.flower_store import FlowerStore


def rows_at(*places_s: float) -> ff.Floats:
    rows = np.zeros((len(places_s), ff.COLUMNS))
    rows[:, ff.S0] = places_s
    rows[:, ff.RHO] = 2.0
    return rows


def test_a_window_gives_the_flowers_whose_bins_it_touches() -> None:
    store = FlowerStore()
    slots = store.add(rows_at(0.1, 3.1, 3.2, 9.0), np.arange(4))
    assert store.near(3.0, 3.3).tolist() == slots[1:3].tolist()
    assert store.near(-100.0, 100.0).tolist() == slots.tolist()
    assert store.near(5.0, 6.0).tolist() == []


def test_a_flower_that_moves_is_found_where_it_is_now() -> None:
    store = FlowerStore()
    slots = store.add(rows_at(1.0, 1.0), np.array([7, 8]))
    store.write(slots[:1], rows_at(4.0))
    assert store.ids(store.near(0.9, 1.1)).tolist() == [8]
    assert store.ids(store.near(3.9, 4.1)).tolist() == [7]


@given(st.lists(st.tuples(st.booleans(), st.floats(-10, 170)), max_size=60))
def test_the_store_agrees_with_a_plain_dictionary(steps: list[tuple[bool, float]]) -> None:
    store, plain = FlowerStore(), dict[int, float]()
    slot_of: dict[int, int] = {}
    for number, (add, s) in enumerate(steps):
        if add or not plain:
            slot_of[number] = int(store.add(rows_at(s), np.array([number]))[0])
            plain[number] = s
        else:
            gone = min(plain)
            store.remove(np.array([slot_of.pop(gone)]))
            del plain[gone]
    assert len(store) == len(plain)
    assert sorted(store.ids(store.all()).tolist()) == sorted(plain)
    found = store.ids(store.near(20.0, 80.0)).tolist()
    assert set(found) >= {key for key, s in plain.items() if 20.0 <= s <= 80.0}
    assert all(19.7 <= plain[key] <= 80.3 for key in found)


def test_the_store_grows_past_its_first_size() -> None:
    store = FlowerStore()
    store.add(rows_at(*np.linspace(0, 160, 5000)), np.arange(5000))
    assert len(store) == 5000
    assert len(store.near(80.0, 81.0)) < 60
