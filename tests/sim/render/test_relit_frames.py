"""Frames of a row in daylight, shown again as LED light would colour them: the domain-shift alarm goes off."""

from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray

from robot.config import DEMO_MACHINE, load_config
from sim.render.effects import EffectsConfig
from sim.render.renderer import Renderer
from sim.world import World
from sim.world_config import Light, WorldConfig
from vision.domain_shift import DomainConfig, DomainWatch, card_statistics, domain_of
from vision.types import Detections

CAMERA = load_config(DEMO_MACHINE).cameras[0].model()
NONE = Detections(np.empty((0, 4), np.float32), np.empty((0, 3), np.float32), np.empty(0, np.float32))
LED_BGR = (1.5, 0.5, 1.2)
"""Strength of a purple lamp in blue, green and red, over daylight's (assumed)."""


def frames(light: Light, seed: int, count: int) -> list[NDArray[np.uint8]]:
    world = World.build(WorldConfig(row_length_m=1.5, light=light), seed)
    renderer = Renderer(world, CAMERA, "left", EffectsConfig(exposure=0.8 + 0.1 * (seed % 4)))
    return [renderer.render(0.2 * k, k / 15, k).image for k in range(count)]


def relit(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same picture under another lamp: its light, not its grey levels, gets the factors."""
    light = np.square(image / 255.0) * np.array(LED_BGR)
    return np.asarray(np.round(255.0 * np.sqrt(np.minimum(light, 1.0))), np.uint8)


def test_white_light_passes_and_the_same_frames_relit_as_led_alarm() -> None:
    training = [image for light in ("sun", "diffuse") for seed in (1, 2) for image in frames(light, seed, 2)]
    means = np.array([image[::8, ::8].reshape(-1, 3).mean(axis=0) for image in training])
    domain = domain_of(SimpleNamespace(**card_statistics(means)))
    row = frames("diffuse", 7, 6)
    told = []
    for shown in (row, [relit(image) for image in row]):
        watch = DomainWatch(domain, DomainConfig(frames=5))
        for image in shown:
            watch.see(image, NONE)
        told.append(watch.text)
    assert told[0] == ""
    assert "more blue against green" in told[1]
