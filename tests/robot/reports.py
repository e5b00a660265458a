"""A report of the valve controller in which nothing is wrong: tests change what they are about."""

from firmware_bridge.events import Telemetry

REPORT = Telemetry(
    t=10.1,
    encoder_ticks=500,
    velocity_mm_s=0,
    motor_mm_s=0,
    pressure_kpa=600,
    pressure_ok=True,
    pressure_believed=True,
    battery_mv=24_500,
    estop=False,
    button=False,
    bumper=False,
    armed=True,
    heartbeat_lost=False,
    driving=False,
    valves=0,
    openings=0,
    bad_frames=0,
    refused=0,
    deadman_trips=0,
    queued=0,
    unreported=0,
)
