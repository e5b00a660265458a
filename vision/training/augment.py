"""Windows of training pictures: scaled, mirrored, and seen under another light and by another camera."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from vision.training.scenes import Sample

PADDING: Final = 0
"""Grey level outside of a picture, as the robot pads frames of another shape."""
LEAST_SHARE: Final = 0.4
"""A flower of which the window keeps less cannot be judged (assumed)."""


class AugmentConfig(BaseModel):
    """How far training pictures are changed. Every value is assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    size: tuple[int, int] = Field((384, 256), description="window's width and height in px, multiples of 32")
    scene_scale: tuple[float, float] = Field(
        (0.7, 1.6), description="least and most zoom of a rendered scene"
    )
    photo_flower_px: tuple[float, float] = Field(
        (9.0, 80.0), description="a photo is zoomed so that a flower spans this"
    )
    most_photo_scale: float = Field(1.3, gt=0, le=4, description="photos are never enlarged more")
    mirror: float = Field(0.5, ge=0, le=1, description="share of mirrored windows")
    turn: float = Field(
        0.5, ge=0, le=1, description="share of photo windows on their side or head: flowers hang anyhow"
    )
    paste: float = Field(
        0.3, ge=0, le=1, description="share of photo windows that get one to three flowers cut from others"
    )
    light: float = Field(0.13, ge=0, le=2, description="std of the log gain of each colour channel")
    cast: float = Field(
        0.25, ge=0, le=1, description="share of windows under LED light: one or two colours weak"
    )
    gamma: float = Field(0.18, ge=0, le=1, description="std of the log of the tone curve's exponent")
    saturation: tuple[float, float] = Field((0.5, 1.35), description="least and most factor on colourfulness")
    noise: float = Field(7.0, ge=0, le=60, description="most standard deviation of noise, grey levels")
    blur: float = Field(0.25, ge=0, le=1, description="share of blurred windows")


def window_of(sample: Sample, scale: float, corner: tuple[float, float], config: AugmentConfig) -> Sample:
    """Return the window whose top left corner is at `corner` px of the picture scaled by `scale`."""
    width, height = config.size
    rows, columns = sample.image.shape[:2]
    x0, y0 = round(corner[0] / scale), round(corner[1] / scale)
    x1, y1 = x0 + round(width / scale), y0 + round(height / scale)
    inside = sample.image[max(y0, 0) : min(y1, rows), max(x0, 0) : min(x1, columns)]
    left, top = round(max(-x0, 0) * scale), round(max(-y0, 0) * scale)
    fit = (
        min(width - left, round(inside.shape[1] * scale)),
        min(height - top, round(inside.shape[0] * scale)),
    )
    image = np.full((height, width, 3), PADDING, np.uint8)
    if min(fit) > 0 and inside.size:
        method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
        image[top : top + fit[1], left : left + fit[0]] = cv2.resize(inside, fit, interpolation=method)
    boxes = (sample.boxes - np.array([x0, y0, x0, y0], np.float32)) * np.float32(scale)
    clipped = np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
    share = _area(clipped) / np.maximum(_area(boxes), 1e-6)
    keep = share > 0.0
    ignore = (sample.ignore | (share < LEAST_SHARE))[keep]
    return Sample(image, clipped[keep].astype(np.float32), sample.stages[keep], ignore)


def scene_window(scene: Sample, random: Generator, config: AugmentConfig) -> Sample:
    """Return a random window of a rendered scene, mostly one with a flower in it."""
    scale = log_between(random, *config.scene_scale)
    return window_of(scene, scale, _corner(scene, scale, random, config), config)


def photo_window(photo: Sample, random: Generator, config: AugmentConfig) -> Sample:
    """Return a random window of a photograph, zoomed so that one of its flowers has a size drawn at random."""
    sides = (photo.boxes[:, 2:] - photo.boxes[:, :2])[~photo.ignore].mean(axis=1)
    side = float(random.choice(sides)) if len(sides) else 100.0
    scale = photo_scale(side, random, config)
    turns = int(random.integers(1, 4)) if random.random() < config.turn else 0
    lying = config if turns % 2 == 0 else config.model_copy(update={"size": config.size[::-1]})
    window = window_of(photo, scale, _corner(photo, scale, random, lying), lying)
    return turned(window, turns)


def photo_scale(side: float, random: Generator, config: AugmentConfig) -> float:
    """Return the zoom that brings a photographed flower of `side` px to a size drawn at random."""
    return min(log_between(random, *config.photo_flower_px) / max(side, 1.0), config.most_photo_scale)


def turned(sample: Sample, quarters: int) -> Sample:
    """Return the picture turned left by quarter turns, its boxes with it."""
    image, boxes = sample.image, sample.boxes
    for _ in range(quarters % 4):
        width = image.shape[1]
        image = np.rot90(image)
        boxes = np.stack([boxes[:, 1], width - boxes[:, 2], boxes[:, 3], width - boxes[:, 0]], axis=1)
    return Sample(np.ascontiguousarray(image), boxes, sample.stages, sample.ignore)


def _corner(sample: Sample, scale: float, random: Generator, config: AugmentConfig) -> tuple[float, float]:
    """Where the window goes: about some flower four times in five, anywhere else."""
    size = np.array(config.size, np.float64)
    room = np.array(sample.image.shape[1::-1]) * scale - size
    judged = sample.boxes[~sample.ignore]
    if len(judged) and random.random() < 0.8:
        box = judged[int(random.integers(len(judged)))]
        corner = (box[:2] + box[2:]) / 2 * scale - size * random.uniform(0.1, 0.9, 2)
    else:
        corner = room * random.random(2)
    corner = np.where(room > 0, np.clip(corner, 0, np.maximum(room, 0)), room * random.random(2))
    return float(corner[0]), float(corner[1])


def augmented(sample: Sample, random: Generator, config: AugmentConfig) -> Sample:
    """Return the window under another light and by another camera, mirrored or not."""
    image = relit(sample.image, random, config)
    if random.random() >= config.mirror:
        return Sample(image, sample.boxes, sample.stages, sample.ignore)
    boxes = sample.boxes.copy()
    boxes[:, [0, 2]] = image.shape[1] - sample.boxes[:, [2, 0]]
    return Sample(np.ascontiguousarray(image[:, ::-1]), boxes, sample.stages, sample.ignore)


def relit(image: NDArray[np.uint8], random: Generator, config: AugmentConfig) -> NDArray[np.uint8]:
    """Return the picture under another light, tone curve, focus and noise."""
    colour = _colour_matrix(random, config)
    exponent = float(np.exp(random.normal(0.0, config.gamma)))
    curve = np.round(255.0 * (np.arange(256) / 255.0) ** exponent).astype(np.uint8)
    changed = cv2.LUT(cv2.transform(image, colour), curve)
    if random.random() < config.blur:
        across, down = (int(k) for k in random.choice(((3, 3), (5, 5), (7, 1), (5, 3))))
        changed = (
            cv2.blur(changed, (across, down))
            if across != down
            else cv2.GaussianBlur(changed, (across, down), 0)
        )
    strength = config.noise * float(random.random()) ** 2
    if strength > 0.5:
        noise = np.empty(changed.shape, np.int16)
        cv2.setRNGSeed(int(random.integers(2**31)))
        cv2.randn(noise, np.zeros(3), np.full(3, strength))
        changed = cv2.add(changed, noise, dtype=cv2.CV_8U)
    return np.asarray(changed, np.uint8)


def _colour_matrix(random: Generator, config: AugmentConfig) -> NDArray[np.float32]:
    """Saturation, then the illuminant: gains on blue, green, red."""
    gains = np.exp(random.normal(0.0, config.light, 3) + random.normal(0.0, config.light))
    if random.random() < config.cast:
        weak = ((1.0, 0.35, 0.9), (1.0, 0.9, 0.35), (1.1, 0.5, 0.6), (0.5, 0.9, 1.1))[int(random.integers(4))]
        gains = gains * (1.0 - random.random() * (1.0 - np.array(weak)))
    keep = random.uniform(*config.saturation)
    grey = np.tile(np.array([0.114, 0.587, 0.299]), (3, 1))
    return (gains[:, None] * (keep * np.eye(3) + (1.0 - keep) * grey)).astype(np.float32)


def log_between(random: Generator, least: float, most: float) -> float:
    """Return a number between `least` and `most`, evenly spread over its logarithm."""
    return float(np.exp(random.uniform(np.log(least), np.log(most))))


def _area(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0)
    area: NDArray[np.float32] = sides[:, 0] * sides[:, 1]
    return area
