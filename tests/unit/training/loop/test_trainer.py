"""The trainer: it learns, it resumes exactly, it stops on numbers that are not finite."""

import dataclasses
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models.config import ModelConfig
from models.training import precision
from models.training.losses.feature_network import FeatureNetwork
from models.training.pair_batch import PairBatch
from models.training.processes import Processes
from models.training.settings import (
    KEYPOINT_NETWORKS,
    NETWORKS,
    RECIPES,
    LossWeights,
    SettingError,
    TrainingSettings,
)
from models.training.trainer import Trainer
from models.training.training_run import Pairs
from models.training.training_state import TrainingState
from models.training.training_stopped import TrainingStopped

RATE = 1e-3
ALONE = Processes(0, 1, torch.device("cpu"))
CONVOLUTIONS = {0: (3, 4), 2: (4, 4), 5: (4, 4), 7: (4, 4), 10: (4, 4), 12: (4, 4), 14: (4, 4)}
CONVOLUTIONS |= {17: (4, 4), 19: (4, 4), 21: (4, 4), 24: (4, 4)}


def small_features(settings: TrainingSettings) -> FeatureNetwork:
    """VGG16 with 4 channels a layer and random weights."""
    random = torch.Generator().manual_seed(0)
    tensors = {}
    for place, (cin, cout) in CONVOLUTIONS.items():
        tensors[f"features.{place}.weight"] = torch.randn(cout, cin, 3, 3, generator=random) / 5
        tensors[f"features.{place}.bias"] = torch.zeros(cout)
    return FeatureNetwork("VGG16", settings.perceptual.names, tensors)


def weights_of(trainer: Trainer) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.networks.state_dict().items()}


def test_the_loss_falls_on_pairs_seen_again(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE, small_features(guided))
    totals = [trainer.step(pairs.batch(0), RATE).numbers["total"].item() for _ in range(15)]
    assert totals[-1] < 0.9 * totals[0]


def test_bfloat16_trains_to_about_the_same_numbers(
    tiny_config: ModelConfig,
    guided: TrainingSettings,
    pairs: Pairs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = Trainer(tiny_config, guided, ALONE, small_features(guided))
    expected = full.step(pairs.batch(0), RATE).numbers
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda _device: True)
    half = Trainer(tiny_config, guided, ALONE, small_features(guided))
    numbers = half.step(pairs.batch(0), RATE).numbers
    for name in ("picture", "landmark_guide", "perceptual"):
        assert numbers[name].item() == pytest.approx(expected[name].item(), rel=0.02), name
        assert numbers[name] != expected[name], name
    assert {weight.dtype for weight in half.networks.parameters()} == {torch.float32}


def test_a_new_network_sees_no_motion_yet(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    numbers = Trainer(tiny_config, guided, ALONE).step(pairs.batch(0), RATE).numbers
    assert numbers["deformation_prior"] == 0


def test_statistics_can_stay_as_they_are(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    settled = guided.changed("frozen_statistics=True")
    for settings in (guided, settled):
        trainer = Trainer(tiny_config, settings, ALONE)
        before = weights_of(trainer)
        trainer.step(pairs.batch(0), RATE)
        after = weights_of(trainer)
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        assert "generator.to_image.weight" in changed
        moved = any(name.endswith("running_mean") for name in changed)
        assert moved == (not settings.frozen_statistics)


def test_every_loss_with_a_weight_is_reported_and_no_other(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    names = {field.name for field in dataclasses.fields(LossWeights)}
    weights = LossWeights(**dict.fromkeys(names, 1.0))
    everything = dataclasses.replace(guided, weights=weights)
    recogniser = nn.Sequential(nn.AvgPool2d(56), nn.Flatten())
    trainer = Trainer(tiny_config, everything, ALONE, small_features(guided), recogniser=recogniser)
    assert names <= trainer.step(pairs.batch(0), RATE).numbers.keys()

    without_features = Trainer(tiny_config, guided, ALONE)
    numbers = without_features.step(pairs.batch(0), RATE).numbers
    assert not numbers.keys() & {"perceptual", "face_perceptual", "adversarial", "equivariance"}


def test_a_part_of_the_picture_is_compared_elsewhere_each_step(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    settings = guided.changed("perceptual.halvings=(0,)").changed("perceptual.part=0.5")
    settings = settings.changed("weights.face_perceptual=0.0")
    features = small_features(settings)
    seen: list[Tensor] = []
    features.register_forward_pre_hook(lambda _, pictures: seen.append(pictures[0]))
    batch = pairs.batch(0)
    trainer = Trainer(tiny_config, settings, ALONE, features)
    for _ in range(2):
        trainer.step(batch, RATE)
    first, _, second, _ = seen  # of each step the target, then the rendering
    whole, side = batch.driving.shape[-1], first.shape[-1]
    assert side == whole // 2
    places = [
        {
            (top, left)
            for top in range(whole - side + 1)
            for left in range(whole - side + 1)
            if torch.equal(part, batch.driving[..., top : top + side, left : left + side])
        }
        for part in (first, second)
    ]
    assert [len(place) for place in places] == [1, 1]
    assert places[0] != places[1]


def test_the_papers_recipe_trains_the_papers_networks(
    tiny_paper_config: ModelConfig, pairs: Pairs
) -> None:
    one_scale = RECIPES["paper"].changed("perceptual.halvings=(0,)")
    settings = dataclasses.replace(one_scale, batch=2, image_size=64)
    trainer = Trainer(tiny_paper_config, settings, ALONE, small_features(settings))
    before = weights_of(trainer)
    numbers = trainer.step(pairs.batch(0), RATE).numbers
    assert {"equivariance", "adversarial", "feature_matching", "discriminator"} <= numbers.keys()
    after = weights_of(trainer)
    still = [
        name
        for name, _ in trainer.networks.named_parameters()
        if torch.equal(before[name], after[name])
    ]
    assert still == []


@pytest.mark.parametrize(
    "frozen",
    [
        ("canonical", "motion_encoder"),
        ("appearance", "motion_field", "generator"),  # no picture is made
    ],
)
def test_frozen_networks_stay_and_the_others_learn(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs, frozen: tuple[str, ...]
) -> None:
    settings = dataclasses.replace(guided, frozen=frozen)
    trainer = Trainer(tiny_config, settings, ALONE, small_features(settings))
    before = weights_of(trainer)
    numbers = [trainer.step(pairs.batch(step), RATE).numbers for step in range(2)][-1]
    after = weights_of(trainer)
    changed = {
        name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])
    }
    everything = {name for name, _ in trainer.networks.named_children()}
    assert changed == everything - set(frozen)  # batch norm's statistics stay, too
    assert ("picture" in numbers) == ("generator" not in frozen)
    assert ("flow_length" in numbers) == ("generator" not in frozen)


def test_a_part_of_a_network_can_be_frozen(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    settings = dataclasses.replace(guided, frozen=("generator.still", "generator.entry"))
    trainer = Trainer(tiny_config, settings, ALONE)
    before = weights_of(trainer)
    trainer.step(pairs.batch(0), RATE)
    after = weights_of(trainer)
    stays = {name for name in before if torch.equal(before[name], after[name])}
    assert {name for name in before if name.startswith(settings.frozen)} <= stays
    assert "generator.to_image.weight" not in stays

    unknown = dataclasses.replace(guided, frozen=("generator.still.sound",))
    with pytest.raises(SettingError, match=r"generator\.still\.sound"):
        Trainer(tiny_config, unknown, ALONE)


def test_keypoint_networks_can_learn_at_a_rate_of_their_own(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    trainer = Trainer(tiny_config, dataclasses.replace(guided, keypoint_rate=0.01), ALONE)
    before = weights_of(trainer)
    trainer.step(pairs.batch(0), RATE)
    furthest = {
        network: max(
            (parameter - before[f"{network}.{name}"]).abs().max().item()
            for name, parameter in trainer.networks.get_submodule(network).named_parameters()
        )
        for network in NETWORKS
    }
    for network, way in furthest.items():  # Adam's first step is the rate itself
        expected = RATE / 100 if network in KEYPOINT_NETWORKS else RATE
        assert way == pytest.approx(expected, rel=0.1), network


def test_the_total_is_the_weighted_sum(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE, small_features(guided))
    numbers = trainer.step(pairs.batch(0), RATE).numbers
    expected = sum(
        weight * numbers[name].item()
        for name, weight in dataclasses.asdict(guided.weights).items()
        if weight > 0
    )
    assert numbers["total"].item() == pytest.approx(expected, rel=1e-4)


def test_the_discriminator_joins_at_its_step_and_learns(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    settings = guided.changed("weights.adversarial=1e-6").changed("adversarial_start=1")
    # A generator that hardly changes, so that there is one thing to learn.
    still = tuple(name for name in NETWORKS if name != "appearance")
    trainer = Trainer(tiny_config, dataclasses.replace(settings, frozen=still), ALONE)
    assert "adversarial" not in trainer.step(pairs.batch(0), RATE).numbers
    losses = [trainer.step(pairs.batch(1), RATE).numbers["discriminator"] for _ in range(40)]
    assert torch.stack(losses[-5:]).mean() < 0.75 * losses[0]


def test_a_resumed_run_goes_on_as_if_it_had_not_stopped(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs, tmp_path: Path
) -> None:
    settings = guided.changed("weights.adversarial=0.1").changed("weights.equivariance=1.0")
    whole = Trainer(tiny_config, settings, ALONE)
    for step in range(4):
        whole.step(pairs.batch(step), RATE)

    first = Trainer(tiny_config, settings, ALONE)
    for step in range(2):
        first.step(pairs.batch(step), RATE)
    TrainingState(tiny_config, 0, 1.5, "random weights", first.state()).save(tmp_path / "state.pt")

    second = Trainer(tiny_config, dataclasses.replace(settings, seed=99), ALONE)
    second.settings = settings  # other random weights, same draws
    state = TrainingState.load(tmp_path / "state.pt")
    second.restore(state.trainer)
    assert second.step_count == 2
    for step in range(2, 4):
        second.step(pairs.batch(step), RATE)

    for one, other in (
        (whole.networks, second.networks),
        (whole.average, second.average),
    ):
        expected = one.state_dict()
        for name, tensor in other.state_dict().items():
            assert torch.equal(tensor, expected[name]), name


def test_a_flow_that_is_not_finite_stops_before_anything_is_sampled_there(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE)
    batch = pairs.batch(0)
    broken: PairBatch = dataclasses.replace(batch, driving=batch.driving * math.nan)
    with pytest.raises(TrainingStopped, match="keypoints or flow") as caught:
        trainer.step(broken, RATE)
    assert caught.value.error_id == "training-not-finite"


def test_a_gradient_that_is_not_finite_stops_before_the_weights(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE)
    with torch.no_grad():
        next(trainer.networks.generator.parameters()).fill_(math.nan)
    before = weights_of(trainer)
    with pytest.raises(TrainingStopped, match=r"picture, .*gradient not finite"):
        trainer.step(pairs.batch(0), RATE)
    for name, parameter in trainer.networks.named_parameters():
        assert torch.equal(parameter.nan_to_num(7), before[name].nan_to_num(7)), name


def test_unlabelled_pairs_are_trained_on(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    batch = pairs.batch(0)
    nothing = dataclasses.replace(
        batch,
        **{
            name: getattr(batch, name) * math.nan
            for name in (
                "source_angles",
                "driving_angles",
                "source_landmarks",
                "driving_landmarks",
            )
        },
    )
    trainer = Trainer(tiny_config, guided, ALONE, small_features(guided))
    numbers = trainer.step(nothing, RATE).numbers
    assert numbers["head_pose"] == 0
    assert numbers["landmark_guide"] == 0
    assert torch.isfinite(numbers["total"])


def test_the_loss_networks_share_of_the_time_is_measured(
    tiny_config: ModelConfig, guided: TrainingSettings, pairs: Pairs
) -> None:
    trainer = Trainer(tiny_config, guided, ALONE, small_features(guided))
    timed = trainer.step(pairs.batch(0), RATE, timed=True)
    assert 0 < timed.loss_seconds < timed.seconds
    assert trainer.step(pairs.batch(1), RATE).seconds == 0
