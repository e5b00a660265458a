"""The training loop on toy scenes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from vision.training import TrainingError
from vision.training.augment import AugmentConfig
from vision.training.batches import BatchMaker, made_ahead
from vision.training.scenes import SceneCache

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from vision.training.loss import LossConfig  # noqa: E402
from vision.training.network import NetworkConfig  # noqa: E402
from vision.training.train import TrainConfig, Trainer, averaged_network, rate_share  # noqa: E402

TINY = NetworkConfig(stem=8, channels=(8, 12, 16, 16), extra=(0, 0, 0, 0), merged=(8, 12))
AUGMENT = AugmentConfig(size=(96, 64), scene_scale=(1.0, 1.0))


def _trainer(folder: Path, steps: int, **changes: float | str) -> Trainer:
    config = TrainConfig.model_validate(
        {"steps": steps, "batch": 4, "warm_up": 3, "threads": 1, "rate": 5e-3, **changes}
    )
    return Trainer(TINY, LossConfig(), config, folder / "checkpoint.pt", _clock().__next__)


def _clock() -> Iterator[float]:
    """A second passes at each look."""
    t = 0.0
    while True:
        yield t
        t += 1.0


def _maker(cache: SceneCache, seed: int = 1) -> BatchMaker:
    return BatchMaker(cache, None, photo_share=0.5, batch=4, seed=seed, config=AUGMENT)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_loss_falls_on_toy_scenes(toy_cache: SceneCache, tmp_path: Path, precision: str) -> None:
    trainer = _trainer(tmp_path, 40, precision=precision)
    trainer.run(_maker(toy_cache))
    losses = np.array(trainer.history)[:, 1:].sum(axis=1)
    assert losses[-8:].mean() < 0.6 * losses[:4].mean()


def test_a_resumed_run_continues_at_the_exact_step_with_the_same_weights(
    toy_cache: SceneCache, tmp_path: Path
) -> None:
    whole = _trainer(tmp_path, 12)
    whole.run(_maker(toy_cache))

    (tmp_path / "cut").mkdir()
    cut = _trainer(tmp_path / "cut", 12)

    def stop_after_five(report: object) -> None:
        if cut.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut.run(_maker(toy_cache), stop_after_five)
    resumed = _trainer(tmp_path / "cut", 12)
    resumed.resume()
    assert resumed.step == 5
    resumed.run(_maker(toy_cache))
    assert resumed.step == 12
    assert [row[0] for row in resumed.history] == list(range(1, 13))
    for name, value in whole.averaged.state_dict().items():
        assert torch.allclose(value, resumed.averaged.state_dict()[name], rtol=1e-4, atol=1e-5), name


def test_a_finished_run_does_not_go_on(toy_cache: SceneCache, tmp_path: Path) -> None:
    _trainer(tmp_path, 2).run(_maker(toy_cache))
    again = _trainer(tmp_path, 2)
    again.resume()
    again.run(_maker(toy_cache))
    assert again.step == 2


def test_a_run_by_the_clock_ends_with_the_time(toy_cache: SceneCache, tmp_path: Path) -> None:
    config = TrainConfig(minutes=0.1, batch=4, warm_up=1, threads=1)
    trainer = Trainer(TINY, LossConfig(), config, tmp_path / "checkpoint.pt", _clock().__next__)
    trainer.run(_maker(toy_cache))
    assert 6.0 <= trainer.elapsed_s <= 8.0


def test_the_averaged_weights_are_the_ones_loaded(toy_cache: SceneCache, tmp_path: Path) -> None:
    trainer = _trainer(tmp_path, 3)
    trainer.run(_maker(toy_cache))
    loaded = averaged_network(tmp_path / "checkpoint.pt").state_dict()
    assert all(torch.equal(value, loaded[name]) for name, value in trainer.averaged.state_dict().items())


def test_another_networks_checkpoint_is_refused(toy_cache: SceneCache, tmp_path: Path) -> None:
    _trainer(tmp_path, 1).run(_maker(toy_cache))
    other = Trainer(NetworkConfig(), LossConfig(), TrainConfig(), tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="another network"):
        other.resume()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 cut"])
def test_a_damaged_checkpoint_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(TrainingError, match=r"checkpoint\.pt: not a checkpoint"):
        _trainer(tmp_path, 1).resume()


def test_resuming_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="start without --resume"):
        _trainer(tmp_path, 1).resume()


def test_the_rate_warms_up_and_falls_to_the_last() -> None:
    config = TrainConfig(warm_up=10)
    rates = [rate_share(step, step / 100, config) for step in range(101)]
    assert max(rates) <= 1.0 and rates[0] < 0.2
    assert rates[100] == pytest.approx(config.last_rate)
    assert rates[11:] == sorted(rates[11:], reverse=True)


def test_batches_are_a_function_of_seed_and_step(toy_cache: SceneCache) -> None:
    ahead = made_ahead(_maker(toy_cache), 7)
    first, second = next(ahead), next(ahead)
    ahead.close()
    assert (first.images == _maker(toy_cache).make(7).images).all()
    assert (second.targets.heat == _maker(toy_cache).make(8).targets.heat).all()
    assert (first.images != _maker(toy_cache, seed=2).make(7).images).any()
