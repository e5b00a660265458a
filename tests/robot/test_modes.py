from itertools import product

import pytest

from robot.modes import MOVES, Facts, update
from robot.types import CommandName, Mode

ALL_FACTS = [Facts(*values) for values in product((False, True), repeat=4)]
COMMANDS = [None, *CommandName]
CALM = Facts(ready=True, estop=False, stopping_fault=False, row_done=False)
EVERYTHING = list(product(Mode, ALL_FACTS, COMMANDS))


def test_stop_wins_in_every_mode_over_every_fact() -> None:
    for mode, facts in product(Mode, ALL_FACTS):
        assert update(mode, facts, CommandName.STOP) is Mode.STOPPED


def test_pressed_button_stops_whatever_is_commanded() -> None:
    for mode, facts, command in EVERYTHING:
        if facts.estop:
            assert update(mode, facts, command) is Mode.STOPPED


def test_stopping_fault_never_leaves_the_robot_moving() -> None:
    for mode, facts, command in EVERYTHING:
        if facts.stopping_fault:
            assert update(mode, facts, command) in {Mode.STOPPED, Mode.FAULT}


def test_robot_moves_only_after_start_in_ready() -> None:
    for mode, facts, command in EVERYTHING:
        if mode not in MOVES and update(mode, facts, command) in MOVES:
            assert mode is Mode.READY and command is CommandName.START


def test_stopped_is_left_only_by_release() -> None:
    for mode, facts, command in EVERYTHING:
        if mode is Mode.STOPPED and update(mode, facts, command) is not Mode.STOPPED:
            assert command is CommandName.RELEASE and not facts.estop and not facts.stopping_fault


def test_fault_is_left_only_by_release_or_stop() -> None:
    for mode, facts, command in EVERYTHING:
        after = update(mode, facts, command)
        if mode is Mode.FAULT and after is not Mode.FAULT:
            assert after is Mode.STOPPED or command is CommandName.RELEASE


def test_release_goes_through_starting_and_needs_a_new_start() -> None:
    released = update(Mode.STOPPED, CALM, CommandName.RELEASE)
    assert released is Mode.STARTING
    assert update(released, CALM) is Mode.READY
    assert update(Mode.READY, CALM) is Mode.READY


@pytest.mark.parametrize("command", [None, CommandName.START, CommandName.PAUSE])
def test_row_end_ends_the_run(command: CommandName | None) -> None:
    facts = Facts(ready=True, estop=False, stopping_fault=False, row_done=True)
    assert update(Mode.RUNNING, facts, command) is Mode.DONE


def test_every_mode_answers_every_event_with_a_mode() -> None:
    for mode, facts, command in EVERYTHING:
        assert update(mode, facts, command) in Mode
