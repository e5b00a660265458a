"""One sound view of the loop, for every test that shows or publishes one."""

from robot.types import LoopView, Mode

READY = LoopView(
    now=100.0,
    mode=Mode.READY,
    faults=(),
    row="7",
    row_length=100.0,
    pose=None,
    position_known=False,
    cruise_speed=0.15,
    link_text="",
    link_up=True,
    armed=False,
    estop=False,
    pressure_kpa=None,
    battery_v=None,
    sides={},
    pulses_sent=0,
    pulses_done=0,
    pulses_refused=0,
    flowers_treated=0,
    refusals={},
    recent_pulses=(),
    stage_ms={},
    decisions_sha256="",
)
"""A robot that is ready, has no faults and has seen nothing."""
