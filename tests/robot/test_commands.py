"""The inbox: one press acts once, STOP always gets in, nonsense is told in one line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.commands import MAX_WAITING, REMEMBERED_IDS, CommandInbox, CommandRequest, problem_of
from robot.refusals import COMMAND_REFUSALS
from robot.types import Command, CommandName


def request(number: int, name: CommandName = CommandName.PAUSE) -> CommandRequest:
    return CommandRequest(f"id-{number}", name, by="tablet")


def told(asked: CommandRequest) -> str:
    """Return why it is refused; whatever is has a code of the table."""
    problem = problem_of(asked)
    assert problem is not None and problem.code in COMMAND_REFUSALS
    return problem.text


def test_a_taken_command_reaches_the_loop_once() -> None:
    inbox = CommandInbox()
    answer = inbox.offer(request(1, CommandName.START))
    assert answer.accepted
    assert inbox.take() == [Command(CommandName.START, None, "", "tablet")]
    assert inbox.take() == []


def test_the_same_id_acts_once_and_gets_the_same_answer() -> None:
    inbox = CommandInbox()
    first = inbox.offer(request(1, CommandName.START))
    inbox.take()
    assert inbox.offer(request(1, CommandName.START)) == first
    assert inbox.take() == []


def test_commands_come_out_in_the_order_they_went_in() -> None:
    inbox = CommandInbox()
    names = [CommandName.STOP, CommandName.RELEASE, CommandName.START]
    for number, name in enumerate(names):
        inbox.offer(request(number, name))
    assert [command.name for command in inbox.take()] == names


def test_a_valve_test_that_waits_keeps_out_the_next_one() -> None:
    inbox = CommandInbox()
    asked = CommandRequest("a", CommandName.TEST_VALVE, 3.0, "left", "Tim")
    assert inbox.offer(asked).accepted
    answer = inbox.offer(CommandRequest("b", CommandName.TEST_VALVE, 4.0, "left", "Ana"))
    assert (
        not answer.accepted and "Another valve test is under way" in answer.text and answer.code == "test_on"
    )
    inbox.take()
    assert inbox.offer(CommandRequest("c", CommandName.TEST_VALVE, 4.0, "left", "Ana")).accepted


def test_a_full_inbox_refuses_with_a_remedy() -> None:
    inbox = CommandInbox()
    for number in range(MAX_WAITING):
        assert inbox.offer(request(number)).accepted
    answer = inbox.offer(request(99))
    assert not answer.accepted and answer.code == "too_many"
    assert "press STOP" in answer.text


def test_a_refused_request_may_be_tried_again_under_its_id() -> None:
    inbox = CommandInbox()
    for number in range(MAX_WAITING):
        inbox.offer(request(number))
    inbox.offer(request(99))
    inbox.take()
    assert inbox.offer(request(99)).accepted


def test_stop_gets_into_a_full_inbox_and_is_the_only_thing_left_in_it() -> None:
    inbox = CommandInbox()
    for number in range(MAX_WAITING):
        inbox.offer(request(number, CommandName.START))
    assert inbox.offer(request(99, CommandName.STOP)).accepted
    assert [command.name for command in inbox.take()] == [CommandName.STOP]


def test_a_set_position_without_its_value_is_refused() -> None:
    assert "value is missing" in CommandInbox().offer(request(1, CommandName.SET_POSITION)).text


def test_a_set_row_without_a_name_is_refused() -> None:
    assert told(CommandRequest("a", CommandName.SET_ROW, text="  ")).startswith(
        "set_row: the row's name is missing"
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_refused(value: float) -> None:
    assert not CommandInbox().offer(CommandRequest("a", CommandName.SET_SPEED, value)).accepted


@given(
    st.builds(
        CommandRequest, st.text(), st.sampled_from(CommandName), st.none() | st.floats(), st.text(), st.text()
    )
)
def test_what_the_loop_gets_is_always_finite_and_short(asked: CommandRequest) -> None:
    inbox = CommandInbox()
    answer = inbox.offer(asked)
    taken = inbox.take()
    assert len(taken) == int(answer.accepted)
    assert all(one.value is None or math.isfinite(one.value) for one in taken)
    assert all(len(one.text) <= 80 and len(one.by) <= 80 for one in taken)
    assert "\n" not in answer.text


def test_only_so_many_answers_are_remembered() -> None:
    inbox = CommandInbox()
    for number in range(2 * REMEMBERED_IDS):
        inbox.offer(request(number))
        inbox.take()
    assert len(inbox._answers) == REMEMBERED_IDS


@pytest.mark.parametrize(
    ("name", "value", "text", "words"),
    [
        (CommandName.SET_RUN, 0.0, "", "no row"),
        (CommandName.SET_RUN, -501.0, "", "no row"),
        (CommandName.CORRECT, 0.1, "", "only the mission gives it"),
        (CommandName.OUTVOTED, None, "switch", "only the mission gives it"),
        (CommandName.SET_CLIMATE, 21.0, "damp", "'damp' is not a number"),
        (CommandName.SET_CLIMATE, 21.0, "nan", "'nan' is not a number"),
        (CommandName.BLOCK_ROW, None, " ", "the row's name is missing"),
    ],
)
def test_mission_commands_that_make_no_sense_are_told(
    name: CommandName, value: float | None, text: str, words: str
) -> None:
    assert words in told(CommandRequest("1", name, value, text))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (CommandName.SET_RUN, -160.0, ""),
        (CommandName.SET_CLIMATE, 21.0, "70"),
        (CommandName.PIN_ROW, None, "north-001"),
        (CommandName.CONFIRM, None, ""),
    ],
)
def test_mission_commands_that_make_sense_are_taken(
    name: CommandName, value: float | None, text: str
) -> None:
    assert problem_of(CommandRequest("1", name, value, text)) is None


def test_a_reload_is_answered_by_who_checks_the_file_and_never_reaches_the_loop() -> None:
    inbox = CommandInbox()
    refused = inbox.offer(CommandRequest("a", CommandName.RELOAD))
    assert not refused.accepted and refused.code == "no_reload"
    assert "bombus run" in refused.text
    inbox.refuses_reload = lambda: "row.length = -1: too small"
    assert inbox.offer(CommandRequest("b", CommandName.RELOAD)).text == "row.length = -1: too small"
    assert inbox.take_reload() == ""
    inbox.refuses_reload = lambda: ""
    assert inbox.offer(CommandRequest("b", CommandName.RELOAD, by="Ana")).accepted
    assert inbox.take() == []
    assert (inbox.take_reload(), inbox.take_reload()) == ("Ana", "")
