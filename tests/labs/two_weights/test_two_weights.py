"""Two weights: closed forms, torch.optim along the path, and what each preset is meant to show."""

import numpy as np
import pytest
import torch

from landscape.experiment import Optimizer
from landscape.geometry.planes import Plane
from landscape.labs.two_weights import figures, words
from landscape.labs.two_weights.facts import Ended, facts_of
from landscape.labs.two_weights.measure import (
    SINGULAR,
    Kind,
    LinearModel,
    Model,
    TwoWeights,
    bowl_of,
    center_of,
    cost,
    descents_of,
    divisors_of,
    examples_of,
    first_updates,
    gradients_of,
    inequality_of,
    kept_order,
    learning_rate_of,
    optimizers_of,
    prepared,
    slopes,
    start_of,
    surface_of,
)
from landscape.labs.two_weights.questions import QUESTIONS
from landscape.labs.two_weights.request import CODEC

GIVEN = [kind for kind in Kind if kind is not Kind.OWN]


def preset(text):
    (found,) = [question.request for question in QUESTIONS if text in question.ask]
    return found


class TestClosedForms:
    @pytest.mark.parametrize("kind", Kind)
    @pytest.mark.parametrize("bias", [False, True])
    def test_the_hessian_of_least_squares_is_the_second_moment(self, kind, bias):
        config = TwoWeights(bias=bias)
        bowl, x = bowl_of(config, kind), prepared(config, kind)
        np.testing.assert_allclose(bowl.hessian, x.T @ x / len(x), rtol=1e-12, atol=1e-12 * bowl.smoothness)
        at = bowl.objective.tensor(start_of(config, bowl))
        automatic = torch.autograd.functional.hessian(lambda w: bowl.objective(w[None])[0], at)
        np.testing.assert_allclose(automatic, bowl.hessian, rtol=1e-9, atol=1e-9 * bowl.smoothness)

    def test_the_hessian_of_the_logistic_loss(self):
        config = TwoWeights(model="logistic", bias=True)
        bowl = bowl_of(config, Kind.STANDARDIZED)
        automatic = torch.autograd.functional.hessian(
            lambda w: bowl.objective(w[None])[0], bowl.objective.tensor(bowl.minimum)
        )
        np.testing.assert_allclose(automatic, bowl.hessian, rtol=1e-9, atol=1e-12)
        # A quarter of E[x x^T], which it reaches at weights of 0.
        zero = bowl.objective.hessian(np.zeros(3))
        assert np.linalg.eigvalsh(zero)[-1] == pytest.approx(bowl.smoothness)
        assert bowl.eigenvalues[-1] < bowl.smoothness <= bowl.bound

    @pytest.mark.parametrize("model", Model)
    def test_gradient_and_minimum(self, model):
        config = TwoWeights(model=model, bias=True)
        for kind in Kind:
            bowl = bowl_of(config, kind)
            w = bowl.objective.tensor(start_of(config, bowl))[None].requires_grad_()
            losses = bowl.objective(w)
            (automatic,) = torch.autograd.grad(losses.sum(), w)
            given, gradient = bowl.objective.gradient(w.detach())
            torch.testing.assert_close(gradient, automatic)
            torch.testing.assert_close(given, losses.detach())
            at_minimum = bowl.objective.gradient(bowl.objective.tensor(bowl.minimum)[None])[1]
            size = np.sqrt((bowl.features**2).mean(0))
            assert bowl.found
            assert np.abs(at_minimum[0].numpy() / size).max() < 1e-8

    def test_the_checked_example(self):
        """x1 ~ N(5, 2^2), x2 ~ N(500, 200^2), 2000 examples: these numbers were computed on another draw."""
        config = TwoWeights(num_examples=2000)
        raw, centered, standardized = (bowl_of(config, kind) for kind in (Kind.RAW, Kind.CENTERED, Kind.STANDARDIZED))
        assert raw.smoothness == pytest.approx(2.93e5, rel=0.05)
        assert raw.condition == pytest.approx(3.94e4, rel=0.1)
        assert raw.bound == pytest.approx(2.93e5, rel=0.05)
        assert centered.smoothness == pytest.approx(4.18e4, rel=0.05)
        assert centered.condition == pytest.approx(1.06e4, rel=0.1)
        assert standardized.smoothness == pytest.approx(1.016, rel=0.05)
        assert standardized.condition == pytest.approx(1.03, rel=0.05)
        assert standardized.bound == pytest.approx(2.0)

    @pytest.mark.parametrize("correlation", [0.0, 0.9, -0.99])
    def test_whitened_features_have_the_identity_as_hessian(self, correlation):
        np.testing.assert_allclose(
            bowl_of(TwoWeights(correlation=correlation), Kind.WHITENED).hessian, np.eye(2), atol=1e-9
        )

    def test_a_correlation_is_a_condition_number(self):
        config = TwoWeights(correlation=0.9)
        rho = np.corrcoef(examples_of(config).x.T)[0, 1]
        assert bowl_of(config, Kind.STANDARDIZED).condition == pytest.approx((1 + rho) / (1 - rho))

    @pytest.mark.parametrize("config", [TwoWeights(), TwoWeights(model="logistic"), TwoWeights(bias=True)])
    def test_the_bound_holds_l(self, config):
        for kind in Kind:
            assert bowl_of(config, kind).smoothness <= bowl_of(config, kind).bound * (1 + 1e-12)

    def test_the_surface_is_the_loss_around_the_minimum(self):
        config = TwoWeights(extent=0.5)
        bowl, surface = bowl_of(config, Kind.SCALED), surface_of(config, Kind.SCALED)
        assert surface.loss.argmin() == surface.loss.size // 2
        offset = np.array([surface.alphas[3], surface.betas[20]])
        expected = bowl.minimum_loss + offset @ bowl.hessian @ offset / 2
        assert surface.loss[20, 3] == pytest.approx(expected)
        assert isinstance(surface.plane, Plane)


TORCH = {
    Optimizer.GRADIENT_DESCENT: lambda p, rate: torch.optim.SGD(p, rate),
    Optimizer.MOMENTUM: lambda p, rate: torch.optim.SGD(p, rate, momentum=0.9),
    Optimizer.NESTEROV: lambda p, rate: torch.optim.SGD(p, rate, momentum=0.9, nesterov=True),
    Optimizer.ADAGRAD: torch.optim.Adagrad,
    Optimizer.RMSPROP: torch.optim.RMSprop,
    Optimizer.ADAM: torch.optim.Adam,
}


@pytest.mark.parametrize("optimizer", Optimizer)
@pytest.mark.parametrize("kind", [Kind.RAW, Kind.STANDARDIZED])
def test_a_path_is_that_of_torch(optimizer, kind):
    config = TwoWeights(optimizer=optimizer, num_steps=8, step=0.5)
    bowl, one = bowl_of(config, kind), descents_of(config)[kind]
    x, y = torch.from_numpy(bowl.features), torch.from_numpy(examples_of(config).target)
    w = torch.tensor(start_of(config, bowl), requires_grad=True)
    moves = TORCH[optimizer]([w], learning_rate_of(config, bowl))
    for expected in one.trajectory[1:]:
        moves.zero_grad()
        ((x @ w - y).square().mean() / 2).backward()
        moves.step()
        np.testing.assert_allclose(w.detach(), expected, rtol=1e-6)


class TestInequality:
    @pytest.mark.parametrize("model", Model)
    @pytest.mark.parametrize("kind", GIVEN)
    @pytest.mark.parametrize("curvature", [1.0, 1.7])
    def test_it_holds_where_l_is_large_enough(self, model, kind, curvature):
        found = inequality_of(TwoWeights(model=model, looked_at=kind, curvature=curvature, extent=0.1))
        assert found.cut == 0
        assert found.real >= found.guaranteed - 1e-9 * abs(found.guaranteed)

    def test_a_smaller_l_cuts_through_the_loss(self):
        found = inequality_of(TwoWeights(curvature=0.7))
        assert found.cut > 0
        assert found.guaranteed > found.real

    def test_the_best_guarantee_is_at_one_over_l(self):
        found = inequality_of(TwoWeights(curvature=1.0))
        best = found.steps[(found.start_loss - found.parabola).argmax()]
        assert best == pytest.approx(1 / found.smoothness, rel=0.03)
        assert (found.start_loss - found.parabola).max() == pytest.approx(
            found.gradient_norm**2 / (2 * found.smoothness), rel=1e-3
        )

    def test_each_regime_does_what_it_says(self):
        def after(step):
            config = TwoWeights(step=step, looked_at="standardized")
            return words.regime(facts_of(config).step.multiple, False), descents_of(config)

        for step, expected, diverged in (
            (0.5, "below 1/L", False), (1.0, "at 1/L", False), (1.5, "between", False), (2.0, "at 2/L", False),
            (2.5, "beyond 2/L", True),
        ):  # fmt: skip
            case, descents = after(step)
            assert expected in case
            assert all(one.diverged == diverged for one in descents.values()), step


class TestBadInput:
    def drawn(self, config):
        facts, descents = facts_of(config), descents_of(config)
        panels = figures.bowl_panels(
            config,
            [bowl_of(config, kind) for kind in Kind],
            [surface_of(config, kind) for kind in Kind],
            descents,
            [words.caption_of(facts, kind) for kind in Kind],
        )
        panels += [
            figures.training_panel(descents, config.num_steps),
            *figures.inequality_panels(inequality_of(config)),
        ]
        assert all(panel.figure is not None for panel in panels)
        assert words.notice(facts)
        return facts

    def test_a_constant_feature(self):
        facts = self.drawn(TwoWeights(deviation_1=0.0))
        assert facts.constant == ("x1",)
        assert "A feature is constant: x1." in words.problems(facts)[0]
        assert np.isinf(facts.standardized.condition)

    def test_a_constant_feature_has_no_places_to_keep(self):
        one, both = facts_of(TwoWeights(deviation_1=0.0)), facts_of(TwoWeights(deviation_1=0.0, deviation_2=0.0))
        assert one.varying == ("x2",)
        assert (one.standardized.kept, one.whitened.kept) == pytest.approx((1, 1))
        assert "each dimension" not in words.order_notice(one)
        assert both.varying == ()
        assert np.isnan(both.standardized.kept)
        assert words.order_notice(both) == words.PLACES_SENTENCES[words.Places.ALL_CONSTANT]
        assert (one.standardized.smoothness, one.whitened.smoothness) == pytest.approx((1, 1))
        assert np.isinf([one.standardized.condition, one.whitened.condition]).all()
        assert words.SENTENCES[words.Case.INFINITE] in words.notice(one)

    def test_equal_features(self):
        for config in (TwoWeights(correlation=1.0), TwoWeights(source="wine", feature_1=2, feature_2=2)):
            facts, bowl = self.drawn(config), bowl_of(config, Kind.STANDARDIZED)
            assert facts.same
            assert words.PROBLEM_SENTENCES[words.Problem.SAME] in words.problems(facts)
            assert bowl.eigenvalues[0] <= SINGULAR * bowl.eigenvalues[-1]

    def test_both_features_constant_and_zero(self):
        facts = self.drawn(TwoWeights(deviation_1=0.0, deviation_2=0.0, mean_1=0.0, mean_2=0.0))
        assert facts.constant == ("x1", "x2")
        assert len(words.problems(facts)) == 2

    @pytest.mark.parametrize("mean", [5.0, 0.1, 700.1])
    def test_a_flat_loss_neither_moves_nor_diverges(self, mean):
        """Of 0.1 and 700.1 the sum over examples misses the mean by rounding; centered, such a feature is 0 as well."""
        config = TwoWeights(deviation_1=0.0, deviation_2=0.0, mean_1=mean, mean_2=mean)
        facts, descents, divisors = facts_of(config), descents_of(config), divisors_of(config)
        flat = (Kind.CENTERED, Kind.STANDARDIZED, Kind.WHITENED, Kind.OWN)
        assert {facts.of(kind).smoothness for kind in flat} == {0}
        assert {facts.of(kind).ended for kind in flat} == {Ended.FLAT}
        assert center_of(config).least == 0
        assert np.isnan(divisors.left).all()
        assert np.ptp(descents[Kind.OWN].trajectory, axis=0).max() == 0
        assert words.divisor_notice(facts) == words.PREPARES_SENTENCES[words.Prepares.FLAT]
        assert "Training does not move where the loss is flat: standardized and whitened." in words.notice(facts)

    def test_inputs_of_zero_have_a_gradient_of_zero(self):
        facts = facts_of(TwoWeights(deviation_1=0.0, deviation_2=0.0, mean_1=0.0, mean_2=0.0))
        assert facts.sizes.weights == facts.sizes.grown == 0
        assert 0.8 <= facts.sizes.bias < 0.9
        assert words.gradient_notice(facts).startswith("The inputs are 0, however often multiplied")

    @pytest.mark.parametrize("model", Model)
    @pytest.mark.parametrize("bias", [False, True])
    def test_a_start_at_the_minimum_neither_moves_nor_diverges(self, model, bias):
        for mean in (500.0, 10000.0):
            config = TwoWeights(start_1=0.0, start_2=0.0, mean_2=mean, model=model, bias=bias)
            facts = facts_of(config)
            assert not any(one.diverged for one in descents_of(config).values())
            assert np.isnan([one.update_ratio for one in facts.prepared]).all()
            assert {row.update_ratio for row in words.table(facts)} == {"–"}
            assert {one.learnt_at for one in facts.prepared} == {0}
            assert "The first step moves" not in words.notice(facts)

    def test_a_short_way_up_is_a_divergence_all_the_same(self):
        config = TwoWeights(extent=1e-4, step=2.1)
        assert all(one.diverged for one in descents_of(config).values())

    def test_overflow(self):
        facts = self.drawn(TwoWeights(rate="shared", learning_rate=100.0, num_steps=200))
        assert facts.raw.ended is Ended.OVERFLOWED
        assert facts.raw.num_steps < 200
        assert "overflow" in words.problems(facts)[0]

    def test_separable_classes(self):
        x = np.array([[1.0, 2.0], [2.0, 1.0], [-1.0, -2.0], [-2.0, -1.0]])
        model = LinearModel(x[None], np.array([1.0, 1.0, 0.0, 0.0]), Model.LOGISTIC)
        weights = model.minimum()
        assert np.isfinite(weights).all()
        assert float(model(model.tensor(weights)[None])[0]) < 1e-3

    def test_a_feature_that_the_table_lacks(self):
        with pytest.raises(ValueError, match=r"feature_1 must be from 0 to 12 in wine.*Choose"):
            TwoWeights(source="wine", feature_1=20)


class TestPresets:
    """Each question's numbers go the way that its text says."""

    def test_l_too_small_cuts(self):
        assert inequality_of(preset("L is guessed too small")).cut > 0.1

    def test_longer_than_two_over_l_diverges(self):
        assert all(one.diverged for one in descents_of(preset("longer than 2/L")).values())

    def test_a_smaller_l_allows_a_larger_rate(self):
        config = preset("larger rate")
        descents = descents_of(config)
        assert descents[Kind.RAW].diverged
        assert descents[Kind.STANDARDIZED].learnt_at < 20
        assert bowl_of(config, Kind.RAW).longest_step < config.learning_rate
        assert config.learning_rate < bowl_of(config, Kind.STANDARDIZED).longest_step

    def test_the_gradient_of_the_weights_grows(self):
        found = gradients_of(preset("Whose gradient"))
        assert found.weights[-1] == pytest.approx(1000 * found.weights[0])
        assert np.ptp(found.bias) == 0
        assert found.bias[0] < 1

    def test_one_loss_has_a_bounded_derivative(self):
        found = slopes()
        assert (found.sigmoid_cross_entropy > -1).all()
        assert (found.sigmoid_cross_entropy < 0).all()
        assert np.abs(found.squared).max() > 5
        assert found.cross_entropy.min() < -10
        bowl = bowl_of(preset("bounded derivative"), Kind.RAW)
        h = bowl.objective.outputs(100 * torch.ones(1, 3, dtype=torch.float64))
        assert bowl.objective.derivative(h).abs().max() <= 1

    def test_the_bound_is_near_where_features_are_correlated(self):
        def share(config):
            bowl = bowl_of(config, Kind.STANDARDIZED)
            return bowl.smoothness / bowl.bound

        assert share(TwoWeights()) < 0.6 < 0.9 < share(preset("What bounds L")) <= 1

    def test_nothing_is_lost_by_centering_with_a_bias(self):
        config = preset("lost by subtracting")
        losses = [bowl_of(config, kind).minimum_loss for kind in Kind]
        assert np.ptp(losses) < 1e-9
        center = center_of(config)
        assert center.multiples[center.moments.argmin()] == pytest.approx(1)
        x = examples_of(config).x
        assert center.moments[10] == pytest.approx(((x - center.multiples[10] * x.mean(0)) ** 2).sum(1).mean())

    def test_s_too_large_learns_nothing_and_too_small_diverges(self):
        large, small = preset("s is much too large"), preset("s is much too small")
        left = divisors_of(large)
        assert left.left[np.abs(left.multiples - large.divisor).argmin()] > 0.9
        assert left.left[np.abs(left.multiples - 1).argmin()] < 0.01
        assert left.left[np.abs(left.multiples - small.divisor).argmin()] > 1
        assert descents_of(small)[Kind.OWN].diverged
        assert bowl_of(large, Kind.OWN).smoothness < 0.01 < 10 < bowl_of(small, Kind.OWN).smoothness

    def test_both_weights_move_alike_once_divided(self):
        config = preset("move alike")
        assert first_updates(config, Kind.RAW) > 50
        assert 0.3 < first_updates(config, Kind.STANDARDIZED) < 3

    def test_zero_is_smooth_and_useless(self):
        config = preset("multiplied by 0")
        bowl = bowl_of(config, Kind.OWN)
        assert bowl.smoothness == 0
        assert np.ptp(surface_of(config, Kind.OWN).loss) == 0
        assert bowl.minimum_loss > 2 * bowl_of(config, Kind.STANDARDIZED).minimum_loss

    def test_thousands_stretch_the_raw_bowl_alone(self):
        config = preset("in thousands")
        assert bowl_of(config, Kind.RAW).condition > 50 * bowl_of(TwoWeights(), Kind.RAW).condition
        assert bowl_of(config, Kind.STANDARDIZED).condition < 1.5

    def test_optimizers_against_normalizing(self):
        config = preset("cleverer optimizer")
        found = optimizers_of(config)
        raw, standardized = (found.left[:, found.kinds.index(kind)] for kind in (Kind.RAW, Kind.STANDARDIZED))
        assert raw.min() < raw[0] / 5
        assert standardized[0] < 1e-6 < raw.min()

    def test_standardizing_keeps_places_and_whitening_mixes(self):
        config = preset("keep their places")
        np.testing.assert_allclose(kept_order(config, Kind.STANDARDIZED), 1)
        assert (kept_order(config, Kind.WHITENED) < 0.95).all()

    def test_whitening_undoes_a_correlation_and_trains_faster(self):
        config = preset("features are correlated")
        descents = descents_of(config)
        assert bowl_of(config, Kind.STANDARDIZED).condition > 20
        assert bowl_of(config, Kind.WHITENED).condition == pytest.approx(1)
        assert descents[Kind.WHITENED].learnt_at < (descents[Kind.STANDARDIZED].learnt_at or config.num_steps)

    def test_the_cost_of_whitening_is_measured(self):
        assert preset("whitening cost").cost
        found = cost()
        assert len(found.features) == len(found.whiten) == len(found.standardize)
        assert (found.whiten > 0).all()

    def test_a_real_table(self):
        config = preset("real table")
        assert config.names == ("hue", "proline")
        assert bowl_of(config, Kind.RAW).condition > 1e4 > bowl_of(config, Kind.STANDARDIZED).condition

    def test_the_links_of_all_presets(self):
        for question in QUESTIONS:
            values, problems = CODEC.read(CODEC.write(CODEC.values_of(question.request)))
            assert problems == ()
            assert CODEC.request_of(values) == question.request
        links = [tuple(CODEC.write(CODEC.values_of(question.request)).items()) for question in QUESTIONS]
        assert len(set(links)) == len(links)


class TestFiles:
    def test_a_file_loads_back(self):
        values = CODEC.values_of(TwoWeights(step=1.9, model="logistic"))
        assert CODEC.from_json(CODEC.to_json(values)) == (values, ())

    @pytest.mark.parametrize(
        "text", ["", "[]", "{", "null", '"a"', '{"page": 1}', '{"page": "two_weights", "settings": 3}', b"\xff\xfe\x00"]
    )
    def test_what_is_no_experiment_is_a_sentence(self, text):
        with pytest.raises(ValueError, match="holds no experiment"):
            CODEC.from_json(text)

    def test_a_file_of_another_page(self):
        with pytest.raises(ValueError, match="page 'compare'"):
            CODEC.from_json('{"page": "compare", "settings": {}}')

    def test_bad_values_in_a_file_are_told(self):
        values, problems = CODEC.from_json('{"page": "two_weights", "settings": {"step": 9, "bias": "maybe"}}')
        assert values == CODEC.defaults
        assert len(problems) == 2
