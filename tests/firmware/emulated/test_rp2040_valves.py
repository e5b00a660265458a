"""The RP2040's state machine for the valves, as its source is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.firmware.emulated.pio import StateMachine

FIRMWARE = Path(__file__).parents[3] / "firmware_bridge" / "firmware"
FRAME_TURNS = 300
"""More than one frame takes."""


def machine(wait_turns: int = 1000) -> StateMachine:
    return StateMachine(FIRMWARE / "rp2040" / "valves.pio", wait_turns)


def send(state: StateMachine, valves: int, turns: int = FRAME_TURNS) -> None:
    state.fifo.extend([valves >> 32, valves & 0xFFFF_FFFF])
    run(state, turns)


def run(state: StateMachine, turns: int) -> None:
    for _ in range(turns):
        state.turn()


@pytest.mark.parametrize("valves", [*(1 << n for n in range(64)), 0, (1 << 64) - 1, 0x8000_0001_1234_5678])
def test_valve_n_is_output_n_of_the_chain(valves: int) -> None:
    state = machine()
    send(state, valves)
    assert state.chain.outputs == valves


def test_outputs_stay_off_until_the_first_words() -> None:
    state = machine()
    run(state, 10_000)
    assert state.chain.oe_n == 1
    send(state, 5)
    assert state.chain.outputs == 5


def test_without_words_every_output_goes_off_and_the_next_words_bring_them_back() -> None:
    state = machine(wait_turns=1000)
    send(state, 5)
    run(state, 2000)
    assert state.chain.outputs == 5
    run(state, 1010)
    assert state.chain.outputs == 0
    send(state, 2)
    assert state.chain.outputs == 2


def test_words_each_millisecond_keep_the_outputs_on() -> None:
    state = machine(wait_turns=1000)
    for n in range(50):
        send(state, 1 << n, turns=2000)
        assert state.chain.outputs == 1 << n


def test_half_a_frame_is_not_begun() -> None:
    state = machine(wait_turns=1000)
    send(state, 7)
    state.fifo.append(0)
    run(state, 4000)
    assert state.chain.outputs == 0


def test_the_boards_figures_come_to_five_milliseconds() -> None:
    text = (FIRMWARE / "board_rp2040.c").read_text()
    (divider,) = re.findall(r"PIO_CLOCK_DIVIDER (\d+\.\d+)f", text)
    (turns,) = re.findall(r"PIO_WAIT_TURNS (\d+)u", text)
    clock_hz = 125e6 / float(divider)
    waited_s = 3 * int(turns) / clock_hz
    assert 0.003 < waited_s <= 0.0051
    assert FRAME_TURNS / clock_hz < 0.001
