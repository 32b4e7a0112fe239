"""Recipes and their changes."""

import dataclasses

import pytest

from models.training.settings import (
    NETWORKS,
    RECIPES,
    LossWeights,
    SettingError,
    TrainingSettings,
    recipe,
)

PAPER_WEIGHTS = {  # L = 10 L_P + 1 L_G + 20 L_E + 10 L_L + 20 L_H + 5 L_Delta
    "perceptual": 10,
    "adversarial": 1,
    "equivariance": 20,
    "keypoint_prior": 10,
    "head_pose": 20,
    "deformation_prior": 5,
}


def test_the_paper_recipe_has_the_papers_weights_and_adam() -> None:
    paper = recipe("paper")
    weights = dataclasses.asdict(paper.weights)
    assert {name: weights[name] for name in PAPER_WEIGHTS} == PAPER_WEIGHTS
    assert weights["landmark_guide"] == weights["picture"] == 0  # unsupervised keypoints
    assert paper.perceptual.names == ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    assert paper.perceptual.weights == (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1)
    assert paper.perceptual.halvings == (0, 1, 2, 3)
    assert (paper.betas, paper.learning_rate) == ((0.5, 0.999), 2e-4)
    assert paper.judged(0)


def test_the_guided_recipe_starts_without_a_discriminator() -> None:
    guided = recipe("guided")
    assert not guided.has_discriminator
    later = guided.changed("weights.adversarial=0.1").changed("adversarial_start=100")
    assert later.has_discriminator
    assert (later.judged(99), later.judged(100)) == (False, True)


def test_a_setting_is_changed_by_name() -> None:
    settings = recipe("guided").changed("weights.picture=7").changed("perceptual.halvings=(0, 1)")
    assert settings.weights.picture == 7.0
    assert isinstance(settings.weights.picture, float)
    assert settings.perceptual.halvings == (0, 1)
    assert settings.weights.perceptual == recipe("guided").weights.perceptual


@pytest.mark.parametrize(
    ("assignment", "error_id"),
    [
        ("weights.pictures=7", "setting-unknown"),
        ("batch.size=7", "setting-unknown"),
        ("weights=7", "setting-invalid"),
        ("batch=many", "setting-invalid"),
        ("batch=1.5", "setting-invalid"),
        ("batch", "setting-invalid"),
        ("batch=0", "setting-invalid"),
        ("image_size=100", "setting-invalid"),
        ("image_size=64", "setting-invalid"),  # 8 pixels after the paper's 3 halvings
        ("perceptual.part=0.4", "setting-invalid"),  # 12 pixels after them
        ("perceptual.part=1.5", "setting-invalid"),
        ("keypoint_dropout=2", "setting-invalid"),
        ("frozen=('generators',)", "setting-invalid"),
        (f"frozen={NETWORKS}", "setting-invalid"),  # nothing left to train
    ],
)
def test_a_change_that_cannot_be_made_says_so(assignment: str, error_id: str) -> None:
    with pytest.raises(SettingError) as caught:
        recipe("paper").changed(assignment)
    assert caught.value.error_id == error_id


def test_an_unknown_recipe_names_the_known_ones() -> None:
    with pytest.raises(SettingError, match="paper, guided"):
        recipe("secret")


def test_every_layer_needs_a_weight() -> None:
    with pytest.raises(SettingError, match="a name and a weight"):
        recipe("guided").changed("perceptual.layers=('relu1_1',)")
    settings = recipe("guided").changed("perceptual.layers=(('relu1_1', 1.0), ('relu5_3', 0.5))")
    assert settings.perceptual.names == ("relu1_1", "relu5_3")
    assert settings.perceptual.weights == (1.0, 0.5)


def test_a_feature_network_is_of_use_only_to_perceptual_losses() -> None:
    assert RECIPES["paper"].looks_at_features
    blind = TrainingSettings("blind", LossWeights(perceptual=0.0, face_perceptual=0.0))
    assert not blind.looks_at_features


def test_the_keypoint_recipe_makes_no_pictures() -> None:
    keypoints = recipe("keypoints")
    assert not keypoints.renders
    assert not keypoints.looks_at_features
    assert not keypoints.changed("weights.adversarial=1").has_discriminator
    assert recipe("guided").changed("frozen=('canonical', 'motion_encoder')").renders
