from msgspec.structs import replace

from robot.decisions import DecisionHash
from robot.types import FlowerRefusal, PlannedPulse, PulseRefusal, Reason, Train

PULSE = PlannedPulse(
    1, "left", 3, 20_000, 1, Train(15_000, 41_667, 3), (1.0, 1.6, 0.4), (4,), ((1.0, 1.6, 0.4),)
)
FLOWER = FlowerRefusal("left", 4, Reason.UNSURE)


def digest(*steps: tuple[list[PlannedPulse], list[PulseRefusal], list[FlowerRefusal]]) -> str:
    decisions = DecisionHash()
    for pulses, refused, flowers in steps:
        decisions.add(pulses, refused, flowers)
    return decisions.hexdigest()


def test_same_decisions_have_the_same_fingerprint() -> None:
    assert digest(([PULSE], [], [FLOWER])) == digest(([PULSE], [], [FLOWER]))


def test_steps_without_decisions_leave_no_trace() -> None:
    assert digest(([PULSE], [], []), ([], [], []), ([], [], [FLOWER])) == digest(([PULSE], [], [FLOWER]))


def test_every_part_of_a_decision_counts() -> None:
    kinds = [
        ([PULSE], [], []),
        ([replace(PULSE, trigger_ticks=20_001)], [], []),
        ([replace(PULSE, nozzle=4)], [], []),
        ([replace(PULSE, flower_ids=(5,))], [], []),
        ([replace(PULSE, train=Train(15_001, 41_667, 3))], [], []),
        ([], [PulseRefusal(PULSE, Reason.ESTOP, "pressed")], []),
        ([], [PulseRefusal(PULSE, Reason.LINK_DOWN, "pressed")], []),
        ([], [], [FLOWER]),
        ([], [], [replace(FLOWER, final=True)]),
        ([], [], [replace(FLOWER, side="right")]),
    ]
    assert len({digest(kind) for kind in kinds}) == len(kinds)
