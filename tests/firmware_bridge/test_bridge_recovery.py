"""Lost cables, restarts and noise: every pulse still ends in one final event, and never fires twice."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.events import LinkDown, LinkUp, PulseOutcome, PulseReceipt, Telemetry


def final_words(bench: Any, pulse_id: int) -> set[str]:
    refusals = {r.reason for r in bench.of(PulseReceipt) if r.pulse_id == pulse_id and not r.accepted}
    return refusals | {o.outcome for o in bench.of(PulseOutcome) if o.pulse_id == pulse_id}


def test_cable_out_and_in_again_reconnects_by_itself(bench: Any) -> None:
    bench.cable.cut = True
    (down,) = bench.of(LinkDown, bench.run(1200))
    assert "check the cable" in down.reason
    assert "check the cable" in bench.bridge.link.problem
    bench.cable.cut = False
    (up,) = bench.of(LinkUp, bench.run(1000))
    assert up.boot_id == 0xB0B00001
    assert bench.bridge.link.ok
    assert bench.bridge.link.sessions == 2
    assert not bench.of(Telemetry)[-1].armed


def test_pulses_on_their_way_when_the_cable_goes_are_settled_by_query(bench: Any) -> None:
    bench.fire(bench.pulse(1, 150), bench.pulse(2, 2000, nozzle=6))
    bench.run(50)
    bench.cable.cut = True
    bench.run(1000)
    bench.cable.cut = False
    bench.run(1500)
    assert final_words(bench, 1) == {"fired"}
    assert final_words(bench, 2) == {"not_fired"}
    causes = {o.pulse_id: o.cause for o in bench.of(PulseOutcome)}
    assert causes[2] in {"deadman", "new_session"}


def test_pulse_that_never_arrived_is_known_not_to_have_fired(bench: Any) -> None:
    bench.cable.deaf = True
    bench.fire(bench.pulse(7))
    bench.run(30)
    bench.cable.cut = True
    bench.run(600)
    bench.cable.cut = bench.cable.deaf = False
    bench.run(1000)
    (outcome,) = bench.of(PulseOutcome)
    assert (outcome.pulse_id, outcome.outcome, outcome.cause) == (7, "not_fired", "never_arrived")


def test_restart_of_the_board_leaves_pulses_maybe_fired(bench: Any) -> None:
    bench.fire(bench.pulse(1, 2000))
    bench.run(50)
    bench.restart_core()
    events = bench.run(800)
    assert "restarted" in bench.of(LinkDown, events)[0].reason
    assert bench.of(LinkUp, events)[0].boot_id == 0xB0B00002
    (outcome,) = bench.of(PulseOutcome, events)
    assert (outcome.outcome, outcome.cause, outcome.opened_at) == ("maybe_fired", "mcu_restarted", None)


def test_restart_is_noticed_also_after_more_frames_than_sequence_numbers(bench: Any) -> None:
    for _ in range(0x10000 + 5):
        bench.bridge.drive(0, 0.0)
        bench.core.take_output()
    bench.run(100)
    bench.restart_core()
    assert "restarted" in bench.of(LinkDown, bench.run(200))[0].reason


def test_frames_from_before_a_restart_of_the_board_do_nothing(bench: Any) -> None:
    held: list[bytes] = []
    through = bench.cable.write
    bench.cable.write = held.append
    bench.fire(bench.pulse(1, 20))
    bench.cable.write = through
    bench.restart_core()
    bench.run(300)
    bench.bridge.arm(bench.now)
    bench.run(100)
    assert bench.of(Telemetry)[-1].armed
    bench.edges.clear()
    for data in held:
        bench.core.receive(data, bench.now_us)
    bench.run(300)
    assert bench.edges == []


def test_restarted_host_learns_what_became_of_its_pulses(bench: Any) -> None:
    bench.fire(bench.pulse(40, 150))
    bench.run(600)
    bench.events.clear()
    bench.restart_host()
    bench.run(100)
    (up,) = bench.of(LinkUp)
    assert up.last_pulse_id == 40
    for pulse_id in (39, 40):
        bench.bridge.query(pulse_id, bench.now)
    bench.run(300)
    assert final_words(bench, 40) == {"fired"}
    assert final_words(bench, 39) == {"maybe_fired"}
    assert len([o for o in bench.of(PulseOutcome) if o.pulse_id == 39]) == 1


def test_query_open_when_the_link_goes_is_asked_again(bench: Any) -> None:
    bench.cable.deaf = True
    bench.bridge.query(3, bench.now)
    bench.cable.cut = True
    bench.run(100)
    bench.cable.cut = bench.cable.deaf = False
    bench.run(1000)
    assert final_words(bench, 3) == {"maybe_fired"}


def test_query_of_a_waiting_pulse_is_answered_when_it_is_final(bench: Any) -> None:
    bench.fire(bench.pulse(1, 600))
    bench.run(50)
    bench.bridge.query(1, bench.now)
    bench.run(100)
    assert bench.of(PulseOutcome) == []
    bench.run(600)
    assert final_words(bench, 1) == {"fired"}


def test_no_answer_at_all_is_said_with_its_remedy(make_bench: Any) -> None:
    bench = make_bench()
    bench.cable.deaf = True
    assert bench.run(2000) == []
    assert "check its power" in bench.bridge.link.problem
    bench.cable.deaf = False
    assert bench.of(LinkUp, bench.run(300))


def test_request_that_is_never_answered_gives_the_session_up(bench: Any) -> None:
    bench.cable.deaf = True
    bench.bridge.disarm(bench.now)
    (down,) = bench.of(LinkDown, bench.run(450))
    assert "no answer to DISARM" in down.reason


def test_another_program_on_the_port_is_noticed(make_bench: Any) -> None:
    bench = make_bench()
    bench.arm()
    thief = make_bench(seed=9)
    thief.core = bench.core
    thief.bridge.connect(bench.now)
    for _ in range(3):
        thief.bridge.poll(bench.now)
    bench.run(200)
    assert bench.of(LinkDown)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), damage=st.floats(0.02, 0.35))
def test_over_a_bad_cable_every_pulse_ends_in_one_way_and_opens_at_most_once(
    make_bench: Callable[..., Any], seed: int, damage: float
) -> None:
    bench = make_bench(damage=damage, seed=seed, ticks_ms=1.5)
    sent = 0
    for turn in range(60):
        status = bench.bridge.link
        if turn % 5 == 0:
            bench.bridge.arm(bench.now)
        if status.connected:
            sent += 1
            bench.fire(bench.pulse(sent, 300, nozzle=sent % 20, count=1))
        bench.run(60)
    bench.cable.damage = 0.0
    bench.run(3000)
    opened: list[int] = [edge.nozzle for edge in bench.edges if edge.open]
    fired = [i for i in range(1, sent + 1) if final_words(bench, i) & {"fired", "cut_short"}]
    for pulse_id in range(1, sent + 1):
        assert len(final_words(bench, pulse_id)) == 1, pulse_id
        assert "maybe_fired" not in final_words(bench, pulse_id)
    assert sorted(opened) == sorted(i % 20 for i in fired)
    assert bench.core.valves == 0


@settings(max_examples=60, deadline=None)
@given(noise=st.lists(st.binary(max_size=120), max_size=30))
def test_no_bytes_make_the_bridge_raise_or_fire(make_bench: Callable[..., Any], noise: list[bytes]) -> None:
    bench = make_bench()
    bench.arm()
    for data in noise:
        bench.cable.read = lambda data=data: data
        bench.run(10)
    assert bench.edges == []


def test_board_that_hears_its_own_echo_answers_no_request_of_ours(bench: Any) -> None:
    read = bench.cable.read

    def echoing() -> bytes:
        data: bytes = read()
        bench.core.receive(data, bench.now_us)
        return data

    bench.cable.read = echoing
    for n in range(1, 40):
        bench.fire(bench.pulse(n, 200, nozzle=n, count=1))
        bench.run(50)
    bench.run(500)
    assert [final_words(bench, n) for n in range(1, 40)] == [{"fired"}] * 39


def test_too_many_damaged_frames_make_the_link_not_ok_for_a_while(bench: Any) -> None:
    read = bench.cable.read
    bench.cable.read = lambda: read() + b"\x01\x02\0" * 3
    bench.run(30)
    status = bench.bridge.link
    assert status.connected
    assert not status.ok
    assert status.counters.bad >= 6
    bench.cable.read = read
    bench.run(1200)
    assert bench.bridge.link.ok


@pytest.mark.parametrize("poll_ms", [1, 5, 20, 50, 100])
def test_any_rhythm_of_the_loop_within_the_dead_man_time_works(make_bench: Any, poll_ms: int) -> None:
    bench = make_bench(poll_ms=poll_ms, ticks_ms=1.5)
    bench.run(1000)
    bench.bridge.arm(bench.now)
    bench.run(300)
    bench.fire(bench.pulse(1, 600))
    bench.run(1000)
    assert final_words(bench, 1) == {"fired"}
    assert bench.bridge.link.ok
