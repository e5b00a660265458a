"""A recorded valve test replays like all else: the same decisions, with the same numbers, from the same inputs."""

from pathlib import Path

import pytest

from robot.types import Command, CommandName, Mode
from sim import lockstep, recording
from sim.lockstep import LockstepRow, machine_for
from sim.recording import recorder_for
from sim.replay import decisions_in, replay_recording
from sim.scenario import load_scenario
from sim.troubles import SimLedger
from tests.sim.test_replay import CARD, SPOTS, YellowSpots


def test_a_row_after_a_valve_test_replays_to_identical_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load_scenario("row", length_m=0.5, speed_m_s=0.3)
    vehicle = scenario.vehicle.model_copy(update={"start_s": -0.5})
    camera = scenario.camera.model_copy(update={"fps": 10.0})
    scenario = scenario.model_copy(update={"vehicle": vehicle, "camera": camera})
    config = machine_for(scenario, None, tmp_path / "ledger.sqlite")
    monkeypatch.setattr(lockstep, "open_detector", lambda wanted: YellowSpots())
    monkeypatch.setattr(recording, "model_card", lambda model: CARD)
    ledger = SimLedger(config.ledger.path)
    row = LockstepRow(
        scenario, 3, config, "onnx", ledger, recorder_for(tmp_path / "row.mcap", config, "onnx", ledger)
    )
    pressed = [
        (2.5, Command(CommandName.START, by="Tim")),
        (1.0, Command(CommandName.TEST_VALVE, 3.0, "left", "Tim")),
    ]

    def take() -> list[Command]:
        due = bool(pressed) and row.clock.now() >= pressed[-1][0] and row.loop.mode is Mode.READY
        return [pressed.pop()[1]] if due else []

    monkeypatch.setattr(row.watcher, "take", take)
    assert row.run()[0]
    told = SimLedger(config.ledger.path)
    assert told._query("SELECT pulse_id, outcome FROM valve_test") == [(1, "done")]
    assert told._query("SELECT min(pulse_id) FROM intent") == [(2,)]
    result = replay_recording(tmp_path / "row.mcap", SPOTS, decisions_in(tmp_path / "row.mcap"))
    assert result.exact and result.pulses > 0
    assert result.decisions_sha256 == row.loop.decisions_sha256
