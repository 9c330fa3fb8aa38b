"""The store, and what it takes for the size of a result."""

import sys
from dataclasses import dataclass

import numpy as np

from landscape.serving.store import Store, size_of


def test_the_store_is_bounded_and_forgets_the_least_recently_used():
    store = Store(max_bytes=3 * 1200)
    for name in "abc":
        store.put(name, np.zeros(128))
    assert store.get("a").shape == (128,)
    store.put("d", np.zeros(128))
    assert [name in store for name in "abcd"] == [True, False, True, True]
    store.put("huge", np.zeros(10_000))
    assert "huge" not in store
    assert "a" in store
    store.put("a", np.zeros(1))
    assert store.size == sum(size_of(store.get(name)) for name in "acd") <= store.max_bytes
    assert store.get("b", "missing") == "missing"


def test_what_is_as_large_as_the_bound_is_kept():
    result = np.zeros(100)
    store = Store(size_of(result))
    store.put("a", result)
    assert store.get("a") is result
    assert store.size == store.max_bytes


def test_what_is_dropped_makes_room_and_dropping_what_is_not_there_does_nothing():
    store = Store(10_000)
    store.put("a", np.zeros(100))
    store.put("b", np.zeros(200))
    store.drop("a")
    assert ("a" in store, "b" in store) == (False, True)
    assert store.size == size_of(np.zeros(200))
    store.drop("a")
    assert store.size == size_of(np.zeros(200))


def test_size_goes_through_what_holds_the_arrays():
    @dataclass(frozen=True, eq=False)
    class Result:
        loss: np.ndarray
        layers: list

    assert 4800 <= size_of(Result(np.zeros(100), [np.zeros(200), (np.zeros(300, np.float64),)])) < 6000
    assert size_of(Result) == sys.getsizeof(Result), "a kind of result holds none"
