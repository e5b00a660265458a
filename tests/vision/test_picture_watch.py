"""A smear on the lens and light unlike that of training are told, in words, after enough views."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.domain_shift import DomainConfig, DomainWatch, card_statistics, casts_of, domain_of
from vision.frame_checks import FrameCheckConfig
from vision.lens_dirt import LensDirt
from vision.picture_watch import PictureWatch
from vision.types import Detections

NONE = Detections(np.empty((0, 4), np.float32), np.empty((0, 3), np.float32), np.empty(0, np.float32))
CONFIG = DomainConfig(frames=8)


def crop(seed: int, size: tuple[int, int] = (384, 640)) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    rough = cv2.GaussianBlur(rng.normal(0, 1, size), (0, 0), 3)
    return np.asarray(np.clip(100 + 30 * rough / rough.std(), 0, 255), np.uint8)


def smeared(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = image.copy()
    image[10:140, 420:620] = cv2.GaussianBlur(image[10:140, 420:620], (0, 0), 12)
    return image


def test_smear_is_told_with_its_place_after_enough_views() -> None:
    dirt = LensDirt(views=12, share=0.35)
    for seed in range(11):
        dirt.see(smeared(crop(seed)))
    assert dirt.text == ""
    dirt.see(smeared(crop(11)))
    assert dirt.text.endswith("stay blurred, upper right")


def test_clean_lens_and_a_leaf_that_passes_are_not_told() -> None:
    dirt = LensDirt(views=12, share=0.35)
    for seed in range(30):
        frame = crop(seed)
        frame[:, (20 * seed) % 500 : (20 * seed) % 500 + 100] = 90
        dirt.see(frame)
    assert dirt.text == ""


def test_standing_before_a_big_leaf_is_one_view() -> None:
    dirt = LensDirt(views=12, share=0.35)
    still = smeared(crop(1))
    for _ in range(200):
        dirt.see(still)
    assert dirt.text == ""


def test_wiped_lens_is_clean_again() -> None:
    dirt = LensDirt(views=12, share=0.35)
    for seed in range(12):
        dirt.see(smeared(crop(seed)))
    assert dirt.text
    for seed in range(30):
        dirt.see(crop(100 + seed))
    assert dirt.text == ""


def picture(bgr: tuple[float, float, float], seed: int = 0) -> NDArray[np.uint8]:
    grey = crop(seed, (48, 80)).astype(np.float64) / 100
    return np.asarray(np.clip(grey[..., None] * np.array(bgr), 0, 255), np.uint8)


def card(confidence: bool = False) -> SimpleNamespace:
    rng = np.random.default_rng(1)
    means = np.array([50.0, 75.0, 60.0]) * rng.uniform(0.7, 1.4, (60, 1)) * rng.normal(1, 0.03, (60, 3))
    return SimpleNamespace(**card_statistics(means, rng.normal(0.75, 0.05, 60) if confidence else None))


def watched(pictures: list[NDArray[np.uint8]], told: object, found: Detections = NONE) -> str:
    watch = DomainWatch(domain_of(told), CONFIG)
    for each in pictures:
        watch.see(each, found)
    return watch.text


def test_light_of_another_colour_is_told_and_brighter_light_is_not() -> None:
    usual = [picture((50, 75, 60), seed) for seed in range(8)]
    brighter = [picture((60, 90, 72), seed) for seed in range(8)]
    purple = [picture((75, 45, 70), seed) for seed in range(8)]
    assert watched(usual, card()) == watched(brighter, card()) == ""
    assert "more blue against green by" in watched(purple, card())


def test_nothing_is_told_before_enough_frames() -> None:
    assert watched([picture((75, 45, 70), seed) for seed in range(7)], card()) == ""


def test_scores_far_from_training_are_told() -> None:
    low = Detections(
        np.zeros((2, 4), np.float32), np.full((2, 3), 0.3, np.float32), np.array([0.4, 0.42], np.float32)
    )
    pictures = [picture((50, 75, 60), seed) for seed in range(8)]
    assert watched(pictures, card(confidence=True), low).startswith("scores 0.41, in training 0.7")
    assert watched(pictures, card(), low) == ""


@pytest.mark.parametrize(
    "told",
    [None, {"mean_bgr": [1, 2]}, {"mean_bgr": "x", "std_bgr": [1, 2, 3]}, {"mean_bgr": [float("nan")] * 3}],
)
def test_card_that_tells_nothing_usable_alarms_never(told: object) -> None:
    assert watched([picture((200, 0, 0), seed) for seed in range(9)], SimpleNamespace(channels=told)) == ""


@settings(max_examples=30)
@given(st.floats(5, 80), st.floats(5, 80), st.floats(5, 80), st.floats(0.5, 3.0))
def test_cast_does_not_depend_on_the_strength_of_the_light(
    b: float, g: float, r: float, factor: float
) -> None:
    one = casts_of(np.array([b, g, r]))
    assert casts_of(factor * np.array([b, g, r])) == pytest.approx(one, abs=1e-6) or factor * min(b, g, r) < 1


def test_watch_joins_both() -> None:
    watch = PictureWatch(FrameCheckConfig(dirty_views=5), domain_of(card()), DomainConfig(frames=5))
    for seed in range(6):
        watch.see(np.repeat(smeared(crop(seed))[..., None], 3, 2), NONE)
    assert watch.dirty.endswith("upper right")
    assert "standard deviations" in watch.shifted
