"""Milliseconds in C are the milliseconds of `Plant.step`, to the bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.lockstep import LockstepRow, machine_for
from sim.plant import Plant
from sim.scenario import load_scenario
from sim.troubles import SimLedger


def states(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, gliding: bool, fault: str) -> list[object]:
    """Drive the head of a row with shots in it; return the machine's state at each step of the loop."""
    if not gliding:
        monkeypatch.setattr(Plant, "still_until", lambda self, t, valves: None)
    scenario = load_scenario("row", length_m=1.0).model_copy(update={"faults": (fault,) if fault else ()})
    config = machine_for(scenario, None, tmp_path / f"{gliding}.sqlite")
    row = LockstepRow(scenario, 1, config, "truth", SimLedger(config.ledger.path))
    edges: list[object] = []
    row.rig.witness = lambda *edge: edges.append(edge)
    found: list[object] = []
    for _ in range(1200):
        row.step()
        cart, air = row.plant.vehicle.state, row.plant.air.state
        found.append(
            (cart.s, cart.velocity, cart.wheel_m, cart.slip, air.pressure_kpa, air.used_nl, row.rig.now_us)
        )
    row.close()
    return [*found, *edges, row.loop.decisions_sha256]


@pytest.mark.parametrize("fault", ["", "person@9.505"])
def test_many_milliseconds_at_once_are_those_one_by_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str
) -> None:
    at_once = states(monkeypatch, tmp_path, gliding=True, fault=fault)
    one_by_one = states(monkeypatch, tmp_path, gliding=False, fault=fault)
    assert at_once == one_by_one
    assert len(at_once) > 1201 + 6  # trains were fired
