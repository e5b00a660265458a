"""What must hold for any bytes, any messages, any timing: the promises of the safety core."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.core import Core
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import (
    HOST_MESSAGES,
    TYPES,
    Arm,
    Disarm,
    Drive,
    Estop,
    Heartbeat,
    Hello,
    Pulse,
    payload_size,
)

CONFIG = CoreConfig(max_on_us=50_000, max_open=3, max_wait_ms=1_000)
STEP_LIMIT_US = 1_000


def near(value: int, spread: int) -> st.SearchStrategy[int]:
    return st.integers(max(0, value - spread), value + spread)


PULSES = st.builds(
    Pulse,
    pulse_id=st.integers(0, 60),
    nozzle=st.integers(0, 5) | st.integers(0, 255),
    trigger=st.integers(0, 3),
    trigger_at=st.integers(-400, 400) | st.integers(0, 2**32 - 1),
    on_us=near(15_000, 14_999) | near(50_000, 2) | st.integers(0, 2**32 - 1),
    period_us=near(41_667, 30_000) | st.integers(0, 2**32 - 1),
    openings=st.integers(0, 26) | st.integers(0, 255),
)
ACTIONS = st.one_of(
    st.tuples(st.just("pulse"), PULSES),
    st.tuples(st.just("send"), st.sampled_from([Arm(), Disarm(), Estop(), Heartbeat(), Drive(200, 300)])),
    st.tuples(st.just("hello"), st.integers(1, 3)),
    st.tuples(st.just("run"), st.integers(1, 80)),
    st.tuples(st.just("speed"), st.integers(-3, 3)),
    st.tuples(st.just("pressure"), st.sampled_from([0, 149, 400, 2000])),
    st.tuples(st.just("button"), st.booleans()),
    st.tuples(st.just("garbage"), st.binary(max_size=40)),
)


def obey(board: Any, action: tuple[str, Any]) -> None:
    name, value = action
    if name == "pulse":
        timed = value.trigger == 0
        at = value.trigger_at + (board.now_us if timed else int(board.ticks))
        board.send(value._replace(trigger_at=at & 0xFFFF_FFFF))
    elif name == "send":
        board.send(value)
    elif name == "hello":
        board.hello(nonce=value)
    elif name == "run":
        board.run(value)
    elif name == "speed":
        board.ticks_ms = float(value)
    elif name == "pressure":
        board.pressure_kpa = value
    elif name == "button":
        board.button = value
    else:
        board.receive(value + b"\0")


@settings(max_examples=150, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=60), start_us=st.sampled_from([0, 2**32 - 500_000]))
def test_no_sequence_of_messages_leaves_a_valve_open_past_the_cap(
    make_board: Callable[..., Any], actions: list[tuple[str, Any]], start_us: int
) -> None:
    board = make_board(CONFIG, now_us=start_us)
    board.arm()
    for action in actions:
        obey(board, action)
        assert board.core.valves.bit_count() <= CONFIG.max_open
    board.beating = False
    board.run(300)
    assert board.core.valves == 0
    for opened, closed in board.openings():
        assert (closed - opened) & 0xFFFF_FFFF <= CONFIG.max_on_us + STEP_LIMIT_US
    assert abs(board.core.motor_velocity_mm_s) <= CONFIG.max_velocity_mm_s


@settings(max_examples=100, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=60))
def test_each_id_opens_at_most_its_own_train_however_often_it_is_sent(
    make_board: Callable[..., Any], actions: list[tuple[str, Any]]
) -> None:
    board = make_board(CONFIG)
    board.arm()
    taken: dict[int, int] = {}
    for name, value in actions:
        if name != "pulse":
            obey(board, (name, value))
            continue
        for _ in range(2):
            at = value.trigger_at + (board.now_us if value.trigger == 0 else int(board.ticks))
            receipt = board.fire(value._replace(trigger_at=at & 0xFFFF_FFFF))
            if receipt.result == 0:
                assert value.pulse_id not in taken
                taken[value.pulse_id] = value.openings
    board.run(1500)
    assert len(board.openings()) <= sum(taken.values())


@settings(max_examples=300, deadline=None)
@given(chunks=st.lists(st.binary(max_size=300), max_size=10), step=st.booleans())
def test_garbage_never_opens_a_valve_nor_moves_anything(chunks: list[bytes], step: bool) -> None:
    core = Core(CONFIG, boot_id=5)
    for index, chunk in enumerate(chunks):
        core.receive(chunk, 1000 * index)
        if step:
            core.step(1000 * index, 0, 400)
        assert core.valves == 0
        assert core.motor_velocity_mm_s == 0


@settings(max_examples=300, deadline=None)
@given(
    frames=st.lists(
        st.tuples(
            st.sampled_from(HOST_MESSAGES), st.integers(0, 2**32 - 1), st.binary(min_size=48, max_size=48)
        ),
        max_size=12,
    )
)
def test_sound_frames_with_any_content_never_open_a_valve_unarmed(
    frames: list[tuple[Any, int, bytes]],
) -> None:
    core = Core(CONFIG, boot_id=5)
    for index, (kind, session, content) in enumerate(frames):
        if kind is Arm:
            continue
        core.receive(encode_frame(TYPES[kind], index, session, content[: payload_size(kind)]), 1000 * index)
        core.step(1000 * index, 0, 400)
        assert core.valves == 0


@settings(max_examples=100, deadline=None)
@given(stalls=st.lists(st.integers(1, 400_000), min_size=1, max_size=30), train=PULSES)
def test_however_the_steps_stall_a_valve_closes_with_the_first_step_after_its_time(
    make_board: Callable[..., Any], stalls: list[int], train: Pulse
) -> None:
    board = make_board(CONFIG)
    board.arm()
    board.fire(train._replace(pulse_id=1, nozzle=1, trigger=0, trigger_at=board.now_us))
    opened: int | None = None
    for stall in stalls:
        board.step(stall)
        for edge in board.edges:
            opened = edge.at_us if edge.open else None
        board.edges.clear()
        assert opened is None or board.now_us - opened < CONFIG.max_on_us


@given(hello=st.builds(Hello, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)))
def test_any_nonce_opens_a_session_but_the_boot_id(make_board: Callable[..., Any], hello: Hello) -> None:
    board = make_board(CONFIG)
    (answer,) = board.send(hello, session=0)
    assert (type(answer).__name__ == "Welcome") == (hello.nonce != board.boot_id)
