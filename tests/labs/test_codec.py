"""The codec of links: what is written is read back, and whatever a link holds, reading it never raises."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.experiment import MAX_VARIANTS, VARIED, Comparison, Display, Experiment, Variant, View
from landscape.labs.codec import LONGEST, codec_of
from landscape.labs.compare.dropping import Places
from landscape.labs.compare.questions import QUESTIONS
from landscape.labs.compare.request import CODEC, Request
from models.config import Kind
from models.fields import Misfit, number
from tests.labs.every_lab import LABS

DEFAULTS, FIELDS = CODEC.defaults, CODEC.fields
read, write, request_of, values_of = CODEC.read, CODEC.write, CODEC.request_of, CODEC.values_of

OF_VARIANTS = {f"v{i}_{name}" for i in range(1, MAX_VARIANTS + 1) for name in VARIED}
BAD = ["1e400", "-1e400", "nan", "inf", "", " ", "x" * 100_000, "9" * 5000, "1;2", "None", "\x00", "½", "-1e-9", "0x10"]


SHARES = st.floats(-1, 1)


def strategy(name):
    bounds = FIELDS[name]
    if bounds.kind is bool:
        values = st.booleans()
    elif bounds.kind is int:
        values = st.integers(bounds.low, bounds.high)
    elif bounds.kind is float:
        values = st.floats(bounds.low, bounds.high)
    elif bounds.kind is Places:
        values = st.lists(st.tuples(SHARES, SHARES), max_size=7).map(Places)
    else:
        values = st.sampled_from(list(bounds.kind))
    return st.none() | values if name in OF_VARIANTS else values


def test_the_defaults_are_an_empty_link():
    assert read({}) == (DEFAULTS, ())
    assert write(DEFAULTS) == {}
    assert request_of({}) == request_of(DEFAULTS) == Request()
    assert set(DEFAULTS) == set(FIELDS)


@settings(deadline=None, max_examples=150)
@given(st.fixed_dictionaries({name: strategy(name) for name in FIELDS}))
def test_what_is_written_is_read_back(values):
    written = write(values)
    again, problems = read(written)
    assert problems == ()
    idle = {f"v{i}_{name}" for i in range(values["variants"] + 1, MAX_VARIANTS + 1) for name in VARIED}
    for name in FIELDS:
        expected = DEFAULTS[name] if name in idle else values[name]
        assert again[name] == expected, name
        assert type(again[name]) is type(expected), name
        sized = values["kind"] is Kind.CNN and name in ("depth", "width")
        assert (name in written) == (sized or (name not in idle and values[name] != DEFAULTS[name]))
    assert all(isinstance(text, str) for text in written.values())


REQUESTS = [question.request for question in QUESTIONS] + [
    Request(Comparison(variants=(Variant(learning_rate=0.1), Variant(learning_rate=1 / 3)))),
    Request(Comparison(Experiment().replace(normalization="layer", seed=2**31 - 1), (Variant(),))),
    Request(view=View(seed=9, num_examples=100, resolution_y=5, plane="pca"), display=Display(logarithmic=False)),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_one_link(request_):
    values, problems = read(write(values_of(request_)))
    assert problems == ()
    assert request_of(values) == request_


def test_the_seed_of_the_view_is_not_that_of_the_experiment():
    values, _ = read({"seed": "3", "view_seed": "4", "num_examples": "100", "view_num_examples": "64"})
    request = request_of(values)
    assert (request.comparison.base.seed, request.view.seed) == (3, 4)
    assert (request.comparison.base.data.num_examples, request.view.num_examples) == (100, 64)


@pytest.mark.parametrize("name", FIELDS)
def test_each_bad_value_gives_the_default_and_a_sentence(name):
    for text in BAD:
        negative = text == "-1e-9" and FIELDS[name].kind is float and FIELDS[name].low < 0  # there it is none
        if negative or (name in OF_VARIANTS and text == ""):
            continue
        values, problems = read({name: text})
        assert values == DEFAULTS
        (problem,) = problems
        assert problem.startswith(f"{name} in the link must be ")
        assert problem.endswith(" is used.")
        assert len(problem) < 600


def test_a_convolutional_network_that_a_link_names_alone_takes_sizes_that_fit_it():
    assert read({"kind": "cnn"})[0] == DEFAULTS | {"kind": Kind.CNN, "depth": 4, "width": 16}
    assert read({"width": "64", "kind": "cnn"})[0] == DEFAULTS | {"kind": Kind.CNN, "depth": 4, "width": 64}
    assert read({"kind": "recurrent"})[0] == DEFAULTS | {"kind": Kind.RECURRENT}  # as such links always meant
    small = DEFAULTS | {"depth": 2, "width": 8}
    assert read({"kind": "cnn"}, base=small)[0] == small | {"kind": Kind.CNN}
    assert read({"kind": "cnn"}, base=DEFAULTS | {"kind": Kind.CNN})[0] == DEFAULTS | {"kind": Kind.CNN}
    full = DEFAULTS | {"kind": Kind.CNN}
    assert write(full) == {"kind": "cnn", "depth": "8", "width": "64"}
    assert read(write(full))[0] == full
    assert CODEC.from_json(CODEC.to_json(full)) == (full, ())


def test_an_unknown_name_is_told_and_ignored():
    values, problems = read({"colour": "red", "width": "16", "x" * 10_000: "1"})
    assert values == DEFAULTS | {"width": 16}
    assert len(problems) == 2
    assert "'colour'" in problems[0]
    assert max(map(len, problems)) < 600


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(sorted(FIELDS)) | st.text(max_size=9), st.text(max_size=9), max_size=6))
def test_reading_never_raises(parameters):
    values, problems = read(parameters)
    assert len(problems) <= len(parameters)
    assert set(values) == set(FIELDS)
    for name, value in values.items():
        if value is not None:
            assert FIELDS[name].check(value) == value


def test_values_that_do_not_fit_together_are_a_sentence():
    values, problems = read({"batch_size": "1"})
    assert problems == ()
    with pytest.raises(ValueError, match=r"batch_size must be at least 2 with BatchNorm.*Choose"):
        request_of(values)


def test_a_codec_of_one_configuration():
    codec = codec_of("view", View())
    values, problems = codec.read({"resolution": "51", "plane": "nowhere"})
    assert codec.request_of(values) == View(resolution=51)
    assert codec.write(values) == {"resolution": "51"}
    assert len(problems) == 1
    assert codec.from_json(codec.to_json(values)) == (values, ())


def test_what_is_wrong_in_a_file_is_said_of_the_file():
    _, problems = CODEC.from_json('{"page": "compare", "settings": {"seed": "-1", "colour": "red"}}')
    assert problems[0].startswith("seed in the file must be ")
    assert problems[1].startswith("The file names 'colour', ")
    assert len(problems) == 2


@pytest.mark.parametrize(("name", "text"), [("seed", "1_000"), ("seed", "٣"), ("learning_rate", "٠.٥")])
def test_numbers_are_read_as_links_write_them(name, text):
    values, problems = read({name: text})
    assert values[name] == DEFAULTS[name]
    assert f"not {text!r}; " in problems[0]


def test_two_fields_of_one_name_are_told_apart_by_the_part_or_refused():
    @dataclass(frozen=True)
    class Twice:
        view: View = View()
        other: View = View()
        resolution: int = number(3, 1, 9, "Resolution", "Another.")

    with pytest.raises(ValueError, match="links would call 'resolution'"):
        codec_of("twice", Twice())

    @dataclass(frozen=True)
    class Both:
        view: View = View()
        other: View = View(resolution=5)

    @dataclass(frozen=True)
    class Deep:
        near: View = View()
        both: Both = Both()

    assert codec_of("deep", Deep(both=Both(view=View(resolution=7)))).defaults["view_resolution"] == 7

    codec = codec_of("both", Both())
    assert codec.defaults["resolution"] == 31
    assert codec.defaults["other_resolution"] == 5
    assert codec.request_of({"other_resolution": 7}) == Both(other=View(resolution=7))


@pytest.mark.parametrize("name", LABS)
def test_values_that_fit_and_values_without_a_way_out_are_mended_by_nothing(name):
    codec = LABS[name].codec
    assert codec.mends(codec.defaults) == []


def test_what_knows_no_way_out_is_mended_by_nothing():
    @dataclass(frozen=True)
    class Odd:
        number: int = number(1, 0, 9, "Number", "An odd one.")

        def __post_init__(self):
            if self.number % 2 == 0:
                raise ValueError("number must be odd")

    codec = codec_of("odd", Odd())
    values, problems = codec.read({"number": "4"})
    assert problems == ()
    with pytest.raises(ValueError, match="must be odd"):
        codec.request_of(values)
    assert codec.mends(values) == []


@dataclass(frozen=True)
class Circular:
    """What is wrong with its first number, and what is said against that."""

    one: int = number(0, 0, 9, "One", "The first.")
    two: int = number(0, 0, 9, "Two", "The second.")

    def __post_init__(self):
        if self.one == 1:
            raise Misfit("one must not be 1", nowhere=2, one=0)
        if self.one == 2 and self.two == 0:
            raise Misfit("two must be at least 1 beside a one of 2", one=3, two=1)
        if self.one == 3:
            raise Misfit("one must not be 3", one=2)
        if self.one == 4:
            raise Misfit("one must not be 4", one=2)
        if self.one == 5:
            raise ValueError("one must not be 5")
        if self.one == 6:
            raise Misfit("one must not be 6", one=5, two=0)


@pytest.mark.parametrize(
    ("one", "ways"),
    [
        (1, [{"one": 0}]),  # `nowhere` is no field
        (2, [{"two": 1}]),  # a 3 asks for the 2 that it took the place of
        (4, [{"one": 2, "two": 1}]),  # a 2 asks for another `two` in its turn
        (6, []),  # a 5 knows no way out, and another `two` asks for a 5
    ],
)
def test_a_remedy_that_asks_for_another_is_followed_and_one_that_leads_back_is_none(one, ways):
    codec = codec_of("circular", Circular())
    assert codec.mends(codec.defaults | {"one": one}) == ways


def test_a_comparison_has_fields_of_its_own_for_each_of_four_networks():
    codec = codec_of("again", Request())
    assert set(codec.optional) == OF_VARIANTS == {f"v{i}_{name}" for i in (1, 2, 3, 4) for name in VARIED}
    assert codec.fields == FIELDS
    assert codec.defaults == DEFAULTS
    assert (codec.carried, set(codec.fields)) == (("table",), set(codec.defaults))
    assert all(codec.fields[f"v{i}_{name}"] == codec.fields[name] for i in (1, 2, 3, 4) for name in VARIED)
    assert (codec.fields["variants"].low, codec.fields["variants"].high) == (1, 4)
    two = codec.defaults | {"variants": 2}
    assert codec.idle(two) == {f"v{i}_{name}" for i in (3, 4) for name in VARIED}
    assert len(codec.request_of(two | {"v2_skip": True, "v3_skip": True}).comparison.variants) == 2


def test_what_is_carried_stands_in_no_link():
    codec = codec_of("again", LABS["two_weights"].codec.request_of({}))
    assert codec.carried == ("table",)
    assert "table" not in codec.fields
    assert "table" not in codec.defaults
    assert codec.idle(codec.defaults) == ()


def test_a_file_of_another_page_or_of_none_is_refused():
    with pytest.raises(ValueError, match="of the page 'inference', not 'compare'"):
        CODEC.from_json('{"page": "inference", "settings": {}}')
    for text in ("[]", "{}", "", '{"page": "compare", "settings": 3}', b"\xff"):
        with pytest.raises(ValueError, match="This file holds no experiment"):
            CODEC.from_json(text)


def test_a_setting_of_a_network_that_is_not_compared_is_said_to_have_no_effect():
    values, problems = read({"variants": "1", "v1_learning_rate": "0.5", "v2_learning_rate": "0.2", "v3_skip": ""})
    (problem,) = problems
    assert problem == "v2_learning_rate in the link has no effect: it is of a network that this page does not hold."
    assert [one.learning_rate for one in request_of(values).comparison.variants] == [0.5]
    assert write(values) == {"variants": "1", "v1_learning_rate": "0.5"}


def test_a_value_is_read_up_to_eighty_characters_and_shown_so_far():
    _, (of_eighty,) = read({"width": "9" * LONGEST})
    assert f"not '{'9' * 80}'" in of_eighty
    _, (of_more,) = read({"width": "9" * (LONGEST + 1)})
    assert f"not '{'9' * 80}…'" in of_more


def test_a_file_holds_what_the_link_does_and_may_hold_numbers_and_switches_as_such():
    values = DEFAULTS | {"width": 16, "skip": True}
    assert CODEC.to_json(values) == (
        '{\n  "page": "compare",\n  "settings": {\n    "width": "16",\n    "skip": "true"\n  }\n}'
    )
    assert CODEC.from_json('{"page": "compare", "settings": {"width": 16, "skip": true}}') == (values, ())


def test_a_feature_that_the_table_has_not_is_mended_by_one_that_it_has():
    codec = LABS["two_weights"].codec
    values, problems = codec.read({"source": "wine", "feature_1": "25"})
    assert problems == ()
    with pytest.raises(ValueError, match="feature_1 must be from 0 to 12"):
        codec.request_of(values)
    assert codec.mends(values) == [{"feature_1": 0}]
