from firmware_bridge.enums import Flag, MessageType
from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import Hello, Pong, Pulse, encode_payload
from firmware_bridge.sniffer import Heard, Sniffer, flag_words


class Wire:
    """A Transport whose far end a test writes by hand."""

    def __init__(self) -> None:
        self.inward = b""
        self.outward = b""
        self.closed = False

    def read(self) -> bytes:
        data, self.inward = self.inward, b""
        return data

    def write(self, data: bytes) -> None:
        self.outward += data

    def close(self) -> None:
        self.closed = True


def listening() -> tuple[Wire, Sniffer, list[Heard]]:
    wire, heard = Wire(), list[Heard]()
    return wire, Sniffer(wire, lambda: 2.5, heard.append), heard


def test_bytes_pass_unchanged_both_ways() -> None:
    wire, sniffer, _ = listening()
    wire.inward = b"\x05anything\x00"
    assert sniffer.read() == b"\x05anything\x00"
    sniffer.write(b"\x01\x02")
    assert wire.outward == b"\x01\x02"
    sniffer.close()
    assert wire.closed


def test_frame_in_two_pieces_is_heard_once_with_its_fields() -> None:
    wire, sniffer, heard = listening()
    frame = encode_frame(MessageType.PONG, 7, 9, encode_payload(Pong(123)))
    for piece in (frame[:5], frame[5:]):
        wire.inward = piece
        sniffer.read()
    assert heard == [Heard(2.5, "<", "pong", 7, 9, {"tick_us": 123})]


def test_codes_are_shown_as_words() -> None:
    _, sniffer, heard = listening()
    pulse = Pulse(1, 2, 1, 300, 15_000, 41_667, 3)
    sniffer.write(encode_frame(MessageType.PULSE, 1, 1, encode_payload(pulse)))
    sniffer.write(encode_frame(MessageType.HELLO, 2, 0, encode_payload(Hello(0xAB, 0xCD))))
    assert heard[0].fields["trigger"] == "forward"
    assert heard[1].fields == {"nonce": "0xab", "protocol_hash": "0xcd"}
    assert "> hello" in heard[1].line(2.0)
    assert heard[1].line(2.0).startswith("  0.500000")


def test_damaged_bytes_and_unknown_types_are_shown_as_such() -> None:
    wire, sniffer, heard = listening()
    good = encode_frame(MessageType.PONG, 1, 1, encode_payload(Pong(5)))
    wire.inward = good[:3] + b"\x7f" + good[4:] + encode_frame(0x99, 4, 1, b"\xaa\xbb")
    sniffer.read()
    assert {one.name for one in heard} == {"damaged", "unknown"}
    unknown = next(one for one in heard if one.name == "unknown")
    assert unknown.fields == {"type": "0x99", "payload": "aabb"}


def test_state_bits_are_words() -> None:
    assert flag_words(Flag.ARMED | Flag.PRESSURE_OK) == "armed+pressure_ok"
    assert flag_words(0) == "-"
