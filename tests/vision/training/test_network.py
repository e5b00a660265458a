"""The bodies of the detector: maps of the right shape, and the same picture gives the same maps."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from vision.training.mobile import CHANNELS, mobile_parts  # noqa: E402
from vision.training.network import FlowerNetwork, NetworkConfig, plain_parts  # noqa: E402

BODIES = {
    "plain": NetworkConfig(stem=8, channels=(8, 12, 16, 16), extra=(0, 1, 0, 0), merged=(8, 12)),
    "mobilenetv3-small": NetworkConfig(body="mobilenetv3-small", merged=(8, 12)),
}


@pytest.mark.parametrize("body", BODIES)
def test_maps_lie_at_a_quarter_of_the_picture(body: str) -> None:
    network = FlowerNetwork(BODIES[body]).eval()
    maps = network(torch.zeros((2, 64, 96, 3), dtype=torch.uint8))
    assert maps.shape == (2, 7, 16, 24) and bool(torch.isfinite(maps).all())


@pytest.mark.parametrize("body", BODIES)
def test_stages_halve_the_picture_each(body: str) -> None:
    config = BODIES[body]
    plain = body == "plain"
    x, sizes = torch.zeros((1, 3, 64, 64)), []
    for part in plain_parts(config) if plain else mobile_parts():
        x = part.eval()(x)
        sizes.append(x.shape[1:])
    channels = config.channels if plain else CHANNELS
    assert [size[1] for size in sizes] == [32, 16, 8, 4, 2]
    assert tuple(size[0] for size in sizes[1:]) == channels


def test_every_weight_of_a_body_learns() -> None:
    network = FlowerNetwork(BODIES["mobilenetv3-small"])
    network(torch.randint(0, 255, (2, 64, 64, 3), dtype=torch.uint8)).square().mean().backward()
    assert all(weight.grad is not None for weight in network.parameters())
