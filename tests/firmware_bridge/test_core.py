from firmware_bridge.core import Core, Edge
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import ResetCause
from firmware_bridge.framing import Deframer, encode_frame
from firmware_bridge.messages import PROTOCOL_HASH, Hello, Welcome, decode_payload, encode_payload

HELLO = encode_frame(1, 1, 0, encode_payload(Hello(5, PROTOCOL_HASH)))


def test_output_is_handed_over_once_and_in_order() -> None:
    core = Core(CoreConfig(), boot_id=1)
    core.receive(HELLO[:7], 0)
    assert core.take_output() == b""
    core.receive(HELLO[7:] + HELLO, 0)
    assert len(Deframer().feed(core.take_output())) == 2
    assert core.take_output() == b""


def test_boot_id_and_reset_cause_are_told_and_boards_are_apart() -> None:
    one, other = Core(CoreConfig(), 1), Core(CoreConfig(nozzles=8), 2**32 + 2, ResetCause.WATCHDOG)
    for core in (one, other):
        core.receive(HELLO, 2**32 + 9)
    said = [Deframer().feed(core.take_output())[0] for core in (one, other)]
    first, second = (decode_payload(frame.type_code, frame.payload) for frame in said)
    assert isinstance(first, Welcome)
    assert isinstance(second, Welcome)
    assert (first.boot_id, first.nozzles, first.reset_cause, first.tick_us) == (1, 64, ResetCause.POWER_ON, 9)
    assert (second.boot_id, second.nozzles, second.reset_cause) == (2, 8, ResetCause.WATCHDOG)


def test_new_board_is_closed_and_still() -> None:
    core = Core(CoreConfig(), 1)
    core.step(-1, -5, 65_535, 0, estop_pressed=True, bumper=True, pressure_age_us=2**32 - 1)
    assert (core.valves, core.motor_velocity_mm_s, core.edges()) == (0, 0, [])


def test_edge_reads_as_words() -> None:
    assert Edge(3, True, 17) == (3, True, 17)
