import pytest

from firmware_bridge.transport import TransportError
from robot.ledger import LedgerError
from sim.troubles import LATE_S, FaultyCable, SimLedger, Troubles


class Wire:
    """Keeps what is written, gives what is put in."""

    def __init__(self) -> None:
        self.written = b""
        self.coming = b""

    def read(self) -> bytes:
        data, self.coming = self.coming, b""
        return data

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        pass


class Desk:
    """A cable with a clock that the test sets."""

    def __init__(self) -> None:
        self.t = 0.0
        self.wire, self.troubles = Wire(), Troubles()
        self.cable = FaultyCable(self.wire, self.troubles, lambda: self.t, seed=1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_sound_cable_carries_everything_at_once(desk: Desk) -> None:
    desk.wire.coming = b"hello"
    assert desk.cable.read() == b"hello"
    desk.cable.write(b"there")
    assert desk.wire.written == b"there"


def test_a_stalled_cable_gives_everything_later_and_in_order(desk: Desk) -> None:
    desk.troubles.cable_stalls = 1.0
    desk.wire.coming = b"a"
    desk.cable.write(b"1")
    assert desk.cable.read() == b""
    desk.wire.coming = b"b"
    desk.t = 1.0
    desk.cable.write(b"2")
    assert desk.cable.read() == b"ab"
    assert desk.wire.written == b"12"


def test_a_pulled_cable_is_an_error_and_what_was_on_it_is_lost(desk: Desk) -> None:
    desk.troubles.cable_out = 1.0
    desk.wire.coming = b"a"
    with pytest.raises(TransportError, match="plug in"):
        desk.cable.read()
    with pytest.raises(TransportError):
        desk.cable.write(b"1")
    desk.t = 1.0
    assert desk.cable.read() == b""
    assert desk.wire.written == b""


def test_a_lossy_cable_loses_whole_pieces(desk: Desk) -> None:
    desk.troubles.frames_lost = 1.0
    for _ in range(100):
        desk.cable.write(b"piece")
    assert desk.wire.written.replace(b"piece", b"") == b""
    assert 20 < len(desk.wire.written) // 5 < 80


def test_a_late_camera_s_time_lags_while_it_is_in_trouble() -> None:
    troubles = Troubles(camera_late=9.0)
    assert troubles.camera_clock(5.0) == 5.0 - LATE_S
    assert troubles.camera_clock(9.0) == 9.0


def test_a_full_disk_fails_each_write_until_there_is_room() -> None:
    ledger = SimLedger(":memory:")
    ledger.begin("row", 0.0)
    ledger.full = True
    with pytest.raises(LedgerError, match="disk is full"):
        ledger.note("fault", "text", "", 0.0, 0.0)
    ledger.full = False
    ledger.note("fault", "text", "", 0.0, 0.0)
