"""A table of one's own: read from a file with every kind of dirt, kept apart by its content, carried to where it is used."""

import gc
import pickle
import weakref

import numpy as np
import pytest

from landscape import Experiment, load, train
from landscape.data import parsing
from landscape.data.parsing import MOST_COLUMNS, MOST_ROWS, parse
from landscape.experiment import DataConfig, Dataset
from landscape.labs.compare import LAB as COMPARE
from landscape.labs.invariance.measure import table_row
from landscape.labs.two_weights import LAB as TWO_WEIGHTS
from landscape.labs.two_weights.measure import examples_of
from landscape.labs.two_weights.request import TwoWeights
from landscape.serving.own_table import own_table
from models.fields import Misfit

RNG = np.random.default_rng(0)
X = np.round(RNG.normal([5, 500], [2, 200], (60, 2)), 3)
Y = (X[:, 0] > 5).astype(int)
HEADER = ["size", "weight", "kind"]
ROWS = [[f"{a:g}", f"{b:g}", ("small", "large")[c]] for (a, b), c in zip(X, Y, strict=True)]


def written(rows=ROWS, header=HEADER, separator=",", encoding="utf-8"):
    """Return a file of these rows."""
    return "\n".join(separator.join(row) for row in ([header] if header else []) + list(rows)).encode(encoding)


def changed(place, column, text):
    """Return the rows with another text in one cell, or in those of several rows."""
    rows = [list(row) for row in ROWS]
    for one in [place] if isinstance(place, int) else place:
        rows[one][column] = text
    return rows


def without(*places):
    return [i for i in range(60) if i not in places]


def with_column(texts):
    """Return header and rows with one more column, the first."""
    return ["more", *HEADER], [[text, *row] for text, row in zip(texts, ROWS, strict=True)]


def test_a_clean_file_is_its_numbers_and_nothing_is_to_be_said():
    table, notes = parse(written()).table, parse(written()).notes
    np.testing.assert_array_equal(table.x, X)
    assert [table.class_names[i] for i in table.y] == [row[2] for row in ROWS]
    assert table.names == ("size", "weight")
    assert notes == ()


comma = [[cell.replace(".", ",") for cell in row] for row in ROWS]
TAKEN = {
    "no header": (written(header=None), "no row of names", range(60)),
    "semicolons and decimal commas": (written(comma, separator=";"), "separated by semicolons", range(60)),
    "tabs": (written(separator="\t"), "separated by tabs", range(60)),
    "spaces": (written(separator="  "), "separated by spaces", range(60)),
    "a mark of the byte order": (written(encoding="utf-8-sig"), None, range(60)),
    "UTF-16": (written(encoding="utf-16"), "encoded in UTF-16", range(60)),
    "Western letters": (
        written(header=["Größe", "weight", "kind"], encoding="latin-1"),
        "not encoded in UTF-8",
        range(60),
    ),
    "lines of Windows, empty ones among them": (written().replace(b"\n", b"\r\n\r\n"), None, range(60)),
    "quotes": (written([[f'"{cell}"' for cell in row] for row in ROWS]), None, range(60)),
    "an empty cell": (written(changed(7, 0, "")), "1 row of 60 left out", without(7)),
    "words for nothing": (written(changed((7, 9), 1, "N/A")), "2 rows of 60 left out", without(7, 9)),
    "a text among numbers": (written(changed(7, 0, "about 3")), "1 row of 60 left out", without(7)),
    "a number that is none": (written(changed(7, 0, "1e400")), "1 row of 60 left out", without(7)),
    "a missing class": (written(changed(7, 2, "?")), "1 row of 60 left out", without(7)),
    "a rare class": (written(changed(7, 2, "odd")), "fewer than 5 rows are of it: odd", without(7)),
    "names that are the same": (written(header=["a", "a", "kind"]), "the same name", range(60)),
    "UTF-16 without its mark": (written(encoding="utf-16-le"), "encoded in UTF-16", range(60)),
    "and the other way round": (written(encoding="utf-16-be"), "encoded in UTF-16", range(60)),
    "lines of old": (written().replace(b"\n", b"\r"), None, range(60)),
    "an end of a line in a name": (written(header=['"size\nin cm"', *HEADER[1:]]), None, range(60)),
    "columns of nothing at the end": (
        written([[*row, "", ""] for row in comma], [*HEADER, "", ""], separator=";"),
        ("separated by semicolons", "empty in every row: 2 columns"),
        range(60),
    ),
    "one more without names": (
        written([[*row, ""] for row in ROWS], None),
        ("empty in every row: 1 column", "no row of names"),
        range(60),
    ),
    "rows of nothing at the end": (written([*ROWS, ["", "", ""], ["", "", ""]]), None, range(60)),
    "a first line that names the separator": (
        b"sep=;\r\n" + written(comma, separator=";"),
        "separated by semicolons",
        range(60),
    ),
    "what is infinite": (written(changed((3, 5), 0, "-Infinity")), "2 rows of 60 left out", without(3, 5)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_dirt_is_told_and_what_is_left_is_what_stands_there(name):
    content, said, rows = TAKEN[name]
    parsed = parse(content)
    np.testing.assert_array_equal(parsed.table.x, X[list(rows)])
    assert [parsed.table.class_names[i] for i in parsed.table.y] == [ROWS[i][2] for i in rows]
    told = () if said is None else (said,) if isinstance(said, str) else said
    assert all(one in note for one, note in zip(told, parsed.notes, strict=True))
    assert all(note.endswith(".") for note in parsed.notes)


def test_what_separates_is_seen_where_each_text_has_several_lines():
    header, rows = with_column([f'"first\nand {i}"' for i in range(60)])
    parsed = parse(written(rows, header, separator=";"))
    np.testing.assert_array_equal(parsed.table.x, X)
    assert parsed.notes == (
        "The columns are separated by semicolons.", "Left out, as they hold texts, not numbers: more."
    )  # fmt: skip


def test_only_ends_of_lines_end_a_line():
    """Python's own list of them has more, which texts hold."""
    for inside in ("\u2028", "\x85", "\x0b", "\x1c"):
        parsed = parse(written([[*row[:2], f"{row[2]}{inside}one"] for row in ROWS]))
        np.testing.assert_array_equal(parsed.table.x, X)
        assert parsed.table.class_names == (f"large{inside}one", f"small{inside}one")


def test_numbers_are_read_as_they_are_printed():
    """A minus sign that no keyboard has, and spaces that do not break between thousands."""
    rows = [[f"\u2212{row[0]}", f"1\u202f{i:03d}", f"7\xa0{i:03d}"] for i, row in enumerate(ROWS)]
    found = parse(written(rows)).table
    np.testing.assert_array_equal(found.x, np.stack([-X[:, 0], 1000 + np.arange(60)], 1))
    np.testing.assert_array_equal(found.y[:, 0], 7000 + np.arange(60))


def test_classes_that_are_one_in_other_letters_are_told():
    parsed = parse(written(changed(range(10), 2, "LARGE")))
    assert parsed.table.class_names == ("LARGE", "large", "small")
    assert parsed.notes == ("Classes that differ by capitals alone are taken for several: LARGE, large.",)


LEFT_OUT = {
    "texts": (with_column([f"name {i}" for i in range(60)]), "they hold texts"),
    "mostly empty": (with_column(["" if i % 3 else f"{i}" for i in range(60)]), "most of their cells are empty"),
    "constant": (with_column(["7"] * 60), "the same in every row"),
    "texts of two lines": (with_column([f'"name\n{i}"' for i in range(60)]), "they hold texts"),
    "empty": (with_column([""] * 60), "most of their cells are empty"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_column_that_says_nothing_is_left_out_and_named(name):
    (header, rows), why = LEFT_OUT[name]
    parsed = parse(written(rows, header))
    assert parsed.table.names == ("size", "weight")
    np.testing.assert_array_equal(parsed.table.x, X)
    (note,) = parsed.notes
    assert why in note
    assert note.endswith(": more.")


REFUSED = {
    "nothing": (b"", "is empty"),
    "one column": (b"\n".join(b"%d" % i for i in range(60)), "one column"),
    "a spreadsheet": (b"PK\x03\x04" + bytes(100), "is no text"),
    "few rows": (written(ROWS[:39]), "39 rows of examples, and at least 40"),
    "many rows": (written(ROWS * (MOST_ROWS // 60 + 1)), "over 20,000 rows"),
    "many columns": (written([["1"] * (MOST_COLUMNS + 2)] * 60, None), "201 features, and at most 200"),
    "many bytes": (b"1,2\n" * (3 * 2**20), "12.0 MB, and at most 10"),
    "a row too short": (written([*ROWS[:7], ROWS[7][:2], *ROWS[8:]]), "Line 9 has 2 columns"),
    "a quote that does not end": (written([*ROWS[:7], ['"1', "2", "small"], *ROWS[8:]]), "Line"),
    "one class": (written(changed(range(60), 2, "small")), "one class"),
    "classes without end": (written([[*row[:2], f"name {i}"] for i, row in enumerate(ROWS)]), "60 different texts"),
    "texts alone": (written([[f"a{i}", f"b{i}", row[2]] for i, row in enumerate(ROWS)]), "No column of numbers"),
    "constants alone": (written([["1", "2", row[2]] for row in ROWS]), "differs between rows"),
    "holes everywhere": (written([["" if i % 2 else row[0], row[1], row[2]] for i, row in enumerate(ROWS)]), "30 rows have"),
    "a byte too many": (b"1" * (10 * 2**20 + 1), "10.1 MB, and at most 10"),
    "a mark of the byte order alone": (b"\xef\xbb\xbf", "is empty"),
    "blank lines": (b"\r\n \r\n\t\n", "is empty"),
    "names alone": (b"a,b,c\n", "There are 0 rows of examples"),
    "UTF-16 cut short": (written(encoding="utf-16")[:-1], "begins like UTF-16"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "is no text"),
    "bytes": (bytes(range(1, 256)) * 9, "is no text"),
    "a line above the names": (b"Measured in May\n" + written(), "Line 1 has one column.*leave out what stands above"),
    "a row too long": (written([*ROWS[:7], [*ROWS[7], "9"], *ROWS[8:]]), "Line 9 has 4 columns, and the first one has 3"),
    "a quote that swallows rows": (
        written([*ROWS[:7], ['"1', "2", "small"], *ROWS[8:]], separator=";"),
        "Lines 9 to 61 are one row of 1 column.*Look at line 9",
    ),
    "one row more than is taken": (written((ROWS * 334)[: MOST_ROWS + 1]), "over 20,000 rows"),
    "an empty target": (written(changed(range(60), 2, "")), "is empty"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_leaves_no_table_is_refused_with_a_sentence(name):
    content, said = REFUSED[name]
    with pytest.raises(ValueError, match=said) as caught:
        parse(content)
    assert str(caught.value).endswith(".")


def test_targets_are_classes_or_numbers_by_what_stands_there():
    numbers = parse(written([[*row[:2], f"{0.5 * i}"] for i, row in enumerate(ROWS)])).table
    np.testing.assert_array_equal(numbers.y[:, 0], 0.5 * np.arange(60))
    whole = parse(written([[*row[:2], f"{10 + i % 3}"] for i, row in enumerate(ROWS)])).table
    assert whole.class_names == ("10", "11", "12")
    np.testing.assert_array_equal(whole.y, np.arange(60) % 3)


@pytest.fixture
def table():
    return parse(written()).table


@pytest.fixture
def numbers():
    return parse(written([[*row[:2], f"{1000 + 0.5 * i}"] for i, row in enumerate(ROWS)])).table


def test_a_table_is_its_content(table):
    again, other = parse(written(separator=";")).table, parse(written(changed(7, 0, "3.25"))).table
    assert again is table
    assert other != table
    assert repr(other) != repr(table)
    assert len({DataConfig(dataset="own-classes", table=one) for one in (table, again, other)}) == 2
    renamed = own_table(table.x, table.y, ("a", "b"), table.class_names)
    assert repr(renamed) != repr(table)
    with pytest.raises(ValueError, match="read-only"):
        table.x[0] = 0


def test_it_travels_with_the_configuration_and_is_one_object_where_it_arrives(table):
    config = Experiment().replace(dataset="own-classes", table=table)
    there = pickle.loads(pickle.dumps(config))
    assert there == config
    assert repr(there) == repr(config)
    assert there.data.table is table
    digest, text = table.digest, pickle.dumps(config)
    del table, config, there
    gc.collect()
    arrived = pickle.loads(text).data.table
    assert arrived.digest == digest
    np.testing.assert_array_equal(arrived.x, X)


def test_nothing_holds_it_once_it_is_let_go():
    table = own_table(np.arange(400.0).reshape(200, 2), np.arange(200) % 2, ("a", "b"), ("no", "yes"))
    load(DataConfig(dataset="own-classes", table=table))
    examples_of(TwoWeights(source="own", feature_1=1, feature_2=0, table=table))
    experiment = Experiment().replace(dataset="own-classes", table=table, width=8, depth=1, num_steps=5)
    row = table_row(experiment, 3.0)
    assert table_row(experiment, 3.0) is row
    train(experiment)
    del experiment, row
    gone = weakref.ref(table)
    del table
    gc.collect()
    assert gone() is None


def test_a_process_takes_so_many_bytes_of_tables(monkeypatch, table):
    monkeypatch.setattr("landscape.serving.own_table.MOST_BYTES", table.nbytes)
    with pytest.raises(ValueError, match="as many tables of its users as it has room for"):
        parse(written(changed(7, 0, "3.25")))


@pytest.mark.parametrize("preprocessing", ["none", "standardize", "whiten"])
def test_it_is_loaded_as_any_dataset(table, preprocessing):
    config = DataConfig(dataset="own-classes", table=table, preprocessing=preprocessing, num_examples=50)
    data = load(config)
    assert load(config) is data
    assert (len(data.train_x), len(data.test_x), data.classes, data.feature_names) == (40, 10, 2, ("size", "weight"))
    if preprocessing == "none":
        given = {tuple(row): label for row, label in zip(X.astype(np.float32).tolist(), table.y, strict=True)}
        assert all(given[tuple(row)] == label for row, label in zip(data.train_x.tolist(), data.train_y, strict=True))
    else:
        np.testing.assert_allclose(data.train_x.double().std(0, correction=0), 1, rtol=1e-5)


def test_numbers_are_predicted_in_units_of_their_own_deviation(numbers):
    data = load(DataConfig(dataset="own-numbers", table=numbers))
    assert (data.classes, data.classification) == (1, False)
    assert abs(data.train_y.mean()) < 1e-5
    np.testing.assert_allclose(data.train_y.std(0, correction=0), 1, rtol=1e-5)


def test_it_trains_and_standardizing_it_helps(table, numbers):
    base = Experiment().replace(dataset="own-classes", table=table, width=8, depth=2, num_steps=100, batch_size=32)
    plain, standardized = (train(base.replace(preprocessing=how)) for how in ("none", "standardize"))
    assert standardized.train_loss < 0.5 * np.nan_to_num(plain.train_loss, nan=np.inf)
    regression = base.replace(dataset="own-numbers", table=numbers, loss="squared", preprocessing="standardize")
    assert np.isfinite(train(regression).train_loss)


def test_a_configuration_without_the_table_that_it_names_is_refused_with_a_way_out(table, numbers):
    for given in ({}, {"table": numbers}):
        with pytest.raises(Misfit, match="no table of one's own whose last column holds classes") as caught:
            DataConfig(dataset="own-classes", **given)
        assert caught.value.remedy == {"dataset": Dataset.DIGITS}
    assert DataConfig(dataset="wine", table=table).table is None
    size = Experiment().replace(dataset="own-classes", table=table).size
    assert (size.features, size.training_examples) == (2, 49)


@pytest.mark.parametrize("lab", [COMPARE, TWO_WEIGHTS], ids=lambda lab: lab.name)
def test_a_lab_takes_it_with_its_values_and_no_link_holds_it(lab, table):
    codec, name = lab.codec, "dataset" if "dataset" in lab.codec.fields else "source"
    member = next(one for one in codec.fields[name].kind if one.own and one.takes(table))
    assert codec.carried == ("table",)
    values = codec.defaults | {name: member}
    (way,) = codec.mends(values) or [{}]
    assert way == {name: codec.defaults[name]}
    values |= {"table": table}
    for change in codec.mends(values)[:1]:
        values |= change
    request = codec.request_of(values)
    link = codec.write({one: value for one, value in values.items() if one in codec.fields})
    assert "table" not in link
    assert table.digest not in str(link)
    assert "OwnTable" in repr(request)


def test_two_weights_are_those_of_two_of_its_features(table):
    config = TwoWeights(source="own", feature_1=1, feature_2=0, table=table)
    assert config.names == ("weight", "size")
    np.testing.assert_array_equal(examples_of(config).x, X[:, ::-1])
    np.testing.assert_array_equal(examples_of(config).classes, table.y == 0)
    assert TwoWeights(source="own", feature_1=1, feature_2=0, table=config.table) == config
    with pytest.raises(Misfit, match="from 0 to 1 in your own table") as caught:
        TwoWeights(source="own", feature_1=0, feature_2=2, table=table)
    assert caught.value.remedy == {"feature_2": 1}


def test_of_a_long_table_two_weights_take_an_even_part(table):
    x = np.stack([np.arange(5000.0), np.ones(5000)], 1)
    long = own_table(x, np.arange(5000) % 2, ("i", "one"), ("even", "odd"))
    found = examples_of(TwoWeights(source="own", feature_1=0, feature_2=1, table=long)).x[:, 0]
    assert len(found) == 2000
    assert (found[0], found[-1]) == (0, 4999)
    assert np.diff(found).max() <= 3


def test_a_file_as_large_as_may_be_is_read():
    rng = np.random.default_rng(1)
    numbers = rng.integers(0, 10, (4000, MOST_COLUMNS))
    text = "\n".join(",".join(map(str, row)) + f",{i % 2}" for i, row in enumerate(numbers.tolist()))
    assert parse(text.encode()).table.size == (MOST_COLUMNS, 4000, 2)
    assert parsing.MOST_BYTES == 10 * 2**20
