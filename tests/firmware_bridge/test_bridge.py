from typing import Any

import pytest

from firmware_bridge.bridge import BridgeConfig, PulseCommand
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.events import CommandResult, LinkDown, LinkUp, PulseOutcome, PulseReceipt, Telemetry


def test_connecting_tells_what_is_at_the_other_end(make_bench: Any) -> None:
    bench = make_bench()
    (up,) = bench.of(LinkUp, bench.run(60))
    assert (up.boot_id, up.nozzles, up.ticks_per_m, up.reset_cause) == (0xB0B00001, 64, 10_000, "power_on")
    assert up.firmware_version == "0.1.1"
    assert not up.protocol_mismatch
    status = bench.bridge.link
    assert status.connected
    assert status.ok
    assert status.problem == ""
    assert bench.bridge.limits.max_on_us == CoreConfig().max_on_us


def test_nothing_happens_before_connect_is_asked_for(make_bench: Any) -> None:
    bench = make_bench()
    bench.bridge.close()
    assert bench.run(300) == []
    assert bench.core.take_output() == b""


def test_fired_pulse_gives_a_receipt_and_the_measured_outcome(bench: Any) -> None:
    bench.fire(bench.pulse(1))
    events = bench.run(500)
    (receipt,) = bench.of(PulseReceipt, events)
    (outcome,) = bench.of(PulseOutcome, events)
    assert (receipt.pulse_id, receipt.accepted, receipt.reason) == (1, True, "ok")
    assert (outcome.pulse_id, outcome.outcome, outcome.openings, outcome.on_time_us) == (
        1,
        "fired",
        3,
        45_000,
    )
    first, last = bench.edges[0].at_us * 1e-6, bench.edges[-1].at_us * 1e-6
    assert outcome.opened_at == pytest.approx(first, abs=2e-4)
    assert outcome.closed_at == pytest.approx(last, abs=2e-4)


def test_pulse_by_time_opens_at_that_time(bench: Any) -> None:
    at = bench.now + 0.2
    bench.fire(bench.pulse(1, trigger_ticks=None, trigger_us=bench.bridge.clock.to_mcu(at)))
    bench.run(400)
    assert bench.edges[0].at_us * 1e-6 == pytest.approx(at, abs=1.2e-3)


def test_pulse_by_the_hosts_time_opens_at_that_time(bench: Any) -> None:
    at = bench.now + 0.2
    bench.fire(bench.pulse(1, trigger_ticks=None, at=at))
    bench.run(400)
    assert bench.edges[0].at_us * 1e-6 == pytest.approx(at, abs=1.2e-3)


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"at": 7.0}, "bad_request", ""),
        ({"trigger_ticks": None, "at": float("nan")}, "bad_request", ""),
        ({"on_us": 60_000}, "over_cap", "on_time"),
        ({"count": 25}, "over_cap", "count"),
        ({"nozzle": 64}, "no_nozzle", ""),
        ({"nozzle": 300}, "bad_request", ""),
        ({"on_us": -1}, "bad_request", ""),
        ({"pulse_id": -5}, "bad_request", ""),
        ({"direction": 0}, "bad_request", ""),
        ({"trigger_us": 7}, "bad_request", ""),
        ({"ahead": -500}, "passed", ""),
        ({"ahead": 40_000}, "over_cap", "ahead"),
    ],
)
def test_refusal_is_told_in_words_once(bench: Any, changes: dict[str, int], reason: str, detail: str) -> None:
    bench.fire(bench.pulse(**{"pulse_id": 1, **changes}))
    events = bench.run(300)
    (receipt,) = bench.of(PulseReceipt, events)
    assert (receipt.accepted, receipt.reason, receipt.detail) == (False, reason, detail)
    assert bench.of(PulseOutcome, events) == []


def test_pulses_of_one_call_go_out_in_one_write(bench: Any) -> None:
    writes = bench.cable.listen()
    bench.fire(*(bench.pulse(n, nozzle=n) for n in range(1, 9)))
    assert [data.count(0) for data in writes] == [8]


def test_pulse_without_a_link_is_refused_at_once(make_bench: Any) -> None:
    bench = make_bench()
    bench.fire(bench.pulse(1))
    (receipt,) = bench.of(PulseReceipt, bench.run(20))
    assert (receipt.accepted, receipt.reason) == (False, "link_down")


def test_outcome_is_told_again_until_acknowledged(bench: Any) -> None:
    bench.fire(bench.pulse(1))
    bench.run(2600)
    assert len(bench.of(PulseOutcome)) == 3
    bench.bridge.acknowledge(1, bench.now)
    assert bench.of(PulseOutcome, bench.run(2000)) == []
    assert bench.of(Telemetry)[-1].unreported == 0


def test_lost_acknowledgement_is_sent_again(bench: Any) -> None:
    bench.fire(bench.pulse(1))
    bench.run(500)
    bench.cable.deaf = True
    bench.bridge.acknowledge(1, bench.now)
    bench.cable.deaf = False
    bench.run(400)
    assert bench.of(Telemetry)[-1].unreported == 0


def test_heartbeats_keep_the_board_armed_and_a_hung_loop_does_not(bench: Any) -> None:
    bench.run(3000)
    assert bench.of(Telemetry)[-1].armed
    bench.hang = True
    bench.run(260)
    bench.hang = False
    bench.run(100)
    last = bench.of(Telemetry)[-1]
    assert not last.armed
    assert last.deadman_trips == 1


def test_commands_are_answered_by_name(bench: Any) -> None:
    bench.bridge.disarm(bench.now)
    bench.run(50)
    bench.bridge.set_lag(3, 8_000, bench.now)
    bench.bridge.set_lag(99, 8_000, bench.now)
    bench.bridge.set_lag(3, -1, bench.now)
    bench.run(50)
    bench.bridge.stop(bench.now)
    bench.run(50)
    bench.bridge.arm(bench.now)
    bench.run(50)
    bench.bridge.clear(bench.now)
    bench.run(50)
    said = [(r.command, r.ok, r.reason) for r in bench.of(CommandResult)[1:]]
    assert said[0] == ("disarm", True, "ok")
    assert sorted(said[1:4]) == [
        ("set_lag", False, "bad_request"),
        ("set_lag", False, "no_nozzle"),
        ("set_lag", True, "ok"),
    ]
    assert said[4:] == [("stop", True, "ok"), ("arm", False, "estop"), ("clear", True, "ok")]


def test_drive_is_followed_and_only_its_refusal_is_told(bench: Any) -> None:
    for _ in range(10):
        bench.bridge.drive(150, bench.now)
        bench.run(50)
    assert bench.core.motor_velocity_mm_s == 150
    assert bench.of(CommandResult)[1:] == []
    bench.bridge.drive(99_999, bench.now)
    bench.run(30)
    refused = bench.of(CommandResult)[-1]
    assert (refused.command, refused.ok, refused.detail) == ("drive", False, "velocity")
    bench.run(900)
    assert bench.core.motor_velocity_mm_s == 0


def test_stop_asked_for_while_the_cable_is_out_is_delivered_afterwards(bench: Any) -> None:
    bench.cable.cut = True
    bench.run(50)
    bench.bridge.stop(bench.now)
    bench.run(600)
    bench.cable.cut = False
    bench.run(1500)
    assert bench.of(Telemetry)[-1].estop
    bench.bridge.clear(bench.now)
    bench.run(500)
    assert not bench.of(Telemetry)[-1].estop


def test_commands_without_a_link_say_so(make_bench: Any) -> None:
    bench = make_bench()
    bench.cable.cut = True
    bench.run(50)
    bench.bridge.arm(bench.now)
    bench.bridge.drive(100, bench.now)
    bench.bridge.query(5, bench.now)
    bench.bridge.acknowledge(5, bench.now)
    (result,) = bench.of(CommandResult, bench.run(20))
    assert (result.ok, result.reason) == (False, "link_down")
    assert "check the cable" in result.detail


def test_firmware_of_another_protocol_is_not_armed_and_must_be_reflashed(
    make_bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("firmware_bridge.handshake.PROTOCOL_HASH", 0xDEADBEEF)
    bench = make_bench()
    (up,) = bench.of(LinkUp, bench.run(100))
    assert up.protocol_mismatch
    assert "reflash" in bench.bridge.link.problem
    assert not bench.bridge.link.ok
    bench.bridge.arm(bench.now)
    (result,) = bench.of(CommandResult, bench.run(50))
    assert (result.ok, result.reason) == (False, "protocol_mismatch")
    assert "reflash" in result.detail


def test_board_with_another_configuration_is_not_armed(make_bench: Any) -> None:
    bench = make_bench(config=BridgeConfig(expected_config_crc=CoreConfig(max_open=3).crc()))
    (up,) = bench.of(LinkUp, bench.run(100))
    assert up.config_mismatch
    bench.bridge.arm(bench.now)
    (result,) = bench.of(CommandResult, bench.run(50))
    assert (result.ok, result.reason) == (False, "config_mismatch")
    fitting = make_bench(config=BridgeConfig(expected_config_crc=CoreConfig().crc()))
    fitting.arm()


def test_same_nonce_gives_the_same_bytes(make_bench: Any) -> None:
    def spoken() -> list[bytes]:
        bench = make_bench(ticks_ms=1.5)
        written: list[bytes] = bench.cable.listen()
        bench.arm()
        bench.fire(bench.pulse(1))
        bench.run(500)
        return written

    assert spoken() == spoken()


def test_command_needs_exactly_one_trigger(bench: Any) -> None:
    bench.fire(PulseCommand(1, 2, None, 1, 15_000, 41_667, 3))
    assert bench.of(PulseReceipt, bench.run(20))[0].reason == "bad_request"


def test_button_is_seen_and_holds_the_latch(bench: Any) -> None:
    bench.button = True
    bench.run(50)
    last = bench.of(Telemetry)[-1]
    assert (last.button, last.estop, last.armed) == (True, True, False)
    bench.bridge.clear(bench.now)
    bench.run(50)
    assert bench.of(CommandResult)[-1].reason == "still_pressed"


def test_silence_of_the_board_ends_the_session_with_its_reason(bench: Any) -> None:
    bench.cable.read = lambda: b""
    (down,) = bench.of(LinkDown, bench.run(700))
    assert "silent" in down.reason or "no answer" in down.reason
    assert not bench.bridge.link.connected


def test_the_cable_is_told_by_round_trips_and_counts(bench: Any) -> None:
    bench.run(2000)
    told = bench.bridge.quality()
    assert told.trip_p50_ms is not None and told.trip_p99_ms is not None
    assert 0 <= told.trip_p50_ms <= told.trip_p99_ms < 50
    assert told.sent > 20 and told.received > 20 and told.sessions == 1
    assert (told.bad, told.repeated, told.foreign) == (0, 0, 0)
