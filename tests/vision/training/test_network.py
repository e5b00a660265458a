"""The bodies of the detector: maps of the right shape, and the same picture gives the same maps."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from vision.training.network import CHANNELS, FlowerNetwork, NetworkConfig  # noqa: E402

BODIES = {
    "plain": NetworkConfig(stem=8, channels=(8, 12, 16, 16), extra=(0, 1, 0, 0), merged=(8, 12)),
    "mobilenetv3-small": NetworkConfig(body="mobilenetv3-small", merged=(8, 12)),
    "efficientnet-lite0": NetworkConfig(body="efficientnet-lite0", merged=(8, 12)),
}


@pytest.mark.parametrize("body", BODIES)
def test_maps_lie_at_a_quarter_of_the_picture(body: str) -> None:
    network = FlowerNetwork(BODIES[body]).eval()
    maps = network(torch.zeros((2, 64, 96, 3), dtype=torch.uint8))
    assert maps.shape == (2, 7, 16, 24) and bool(torch.isfinite(maps).all())


@pytest.mark.parametrize("body", BODIES)
def test_stages_halve_the_picture_each(body: str) -> None:
    network = FlowerNetwork(BODIES[body]).eval()
    x, sizes = torch.zeros((1, 3, 64, 64)), []
    for part in (network.stem, network.at4, network.at8, network.at16, network.at32):
        x = part(x)
        sizes.append(x.shape[1:])
    channels = CHANNELS.get(body, BODIES[body].channels)
    assert [size[1] for size in sizes] == [32, 16, 8, 4, 2]
    assert tuple(size[0] for size in sizes[1:]) == channels


@pytest.mark.parametrize("body", BODIES)
def test_every_weight_of_a_body_learns(body: str) -> None:
    network = FlowerNetwork(BODIES[body])
    network(torch.randint(0, 255, (2, 64, 64, 3), dtype=torch.uint8)).square().mean().backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_a_held_body_keeps_its_first_stages_and_its_channel_filters() -> None:
    network = FlowerNetwork(BODIES["efficientnet-lite0"])
    network.hold_published()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    learner = torch.optim.SGD([weight for weight in network.parameters() if weight.requires_grad], lr=0.1)
    network.train()
    network(torch.randint(0, 255, (2, 64, 64, 3), dtype=torch.uint8)).square().mean().backward()
    learner.step()
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    filters = {
        f"{name}.weight"
        for name, part in network.named_modules()
        if isinstance(part, torch.nn.Conv2d) and part.groups > 1
    }
    assert filters and not changed & filters
    assert not any(name.startswith(("stem.", "at4.")) for name in changed)
    assert {name.split(".")[0] for name in changed} >= {"at8", "at16", "at32", "merge4", "head", "out"}


@pytest.mark.parametrize("body", ["plain", "mobilenetv3-small"])
def test_a_body_from_random_weights_holds_nothing(body: str) -> None:
    network = FlowerNetwork(BODIES[body])
    network.hold_published()
    assert all(weight.requires_grad for weight in network.parameters())
    assert all(part.training for part in network.train().modules())
