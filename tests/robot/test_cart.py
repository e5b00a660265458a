from math import nan

import msgspec
import pytest

from firmware_bridge.events import LinkDown, LinkUp
from robot.cart import Cart
from robot.config import DEMO_MACHINE, load_config
from robot.ledger import LastSession
from tests.robot.reports import REPORT

CONFIG = load_config(DEMO_MACHINE)
UP = LinkUp(10.0, 1, 7, 0, "power_on", "0.1.0", 64, 10_000, 0)


def place(cart: Cart) -> float | None:
    pose = cart.pose(10.1)
    return None if pose is None else pose.s


def test_cart_switched_on_stands_at_the_parking_place() -> None:
    cart = Cart(CONFIG, None)
    assert cart.link_came(UP)
    assert place(cart) is None
    cart.hear(REPORT, 10.1)
    assert place(cart) == pytest.approx(-1.0)


def test_same_boot_as_in_the_last_session_gives_the_place_back() -> None:
    cart = Cart(CONFIG, LastSession("demo-row", 7, 3.0))
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    assert place(cart) == pytest.approx(3.05)


@pytest.mark.parametrize(
    "last",
    [LastSession("demo-row", 8, 3.0), LastSession("another", 7, 3.0), LastSession("demo-row", None, 3.0)],
)
def test_other_boot_or_row_falls_back_to_the_parking_place(last: LastSession) -> None:
    cart = Cart(CONFIG, last)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    assert place(cart) == pytest.approx(-1.0)


def test_controller_that_a_watchdog_restarted_does_not_stand_at_the_parking_place() -> None:
    cart = Cart(CONFIG, None)
    cart.link_came(msgspec.structs.replace(UP, reset_cause="watchdog"))
    cart.hear(REPORT, 10.1)
    assert place(cart) is None


def test_reconnection_to_the_same_boot_keeps_the_place() -> None:
    cart = Cart(CONFIG, None)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    cart.link_went(LinkDown(10.2, "cable"))
    assert (cart.link_up, cart.link_text, cart.armed) == (False, "cable", False)
    assert not cart.link_came(msgspec.structs.replace(UP, session=2))
    assert place(cart) == pytest.approx(-1.0)


def test_restart_while_we_run_loses_the_place() -> None:
    cart = Cart(CONFIG, None)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    assert cart.link_came(msgspec.structs.replace(UP, boot_id=8))
    cart.hear(msgspec.structs.replace(REPORT, t=10.2), 10.2)
    assert place(cart) is None


def test_machine_without_a_parking_place_waits_for_a_person() -> None:
    config = CONFIG.model_copy(update={"row": CONFIG.row.model_copy(update={"start_s": None})})
    cart = Cart(config, None)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    assert place(cart) is None
    assert cart.set_position(4.0)
    assert place(cart) == pytest.approx(4.0)


@pytest.mark.parametrize("s", [nan, -21.0, 1000.0])
def test_position_far_from_the_row_is_refused(s: float) -> None:
    cart = Cart(CONFIG, None)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    assert not cart.set_position(s)


def test_readings_are_in_si_units_and_none_before_the_first() -> None:
    cart = Cart(CONFIG, None)
    assert (cart.pressure_kpa, cart.battery_v, cart.telemetry_age(10.0)) == (None, None, None)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    assert (cart.pressure_kpa, cart.battery_v) == (600.0, 24.5)
    assert cart.telemetry_age(10.3) == pytest.approx(0.2)


def test_glitches_are_counted_over_ten_seconds() -> None:
    cart = Cart(CONFIG, None)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    cart.hear(msgspec.structs.replace(REPORT, t=10.2, encoder_ticks=9_000_000), 10.2)
    assert cart.glitches(10.3) == 1
    assert cart.glitches(20.3) == 0


def trips(*reports: tuple[bool, int]) -> int:
    """Return what is told after these reports: whether the controller was armed, its count of trips."""
    cart = Cart(CONFIG, None)
    cart.link_came(UP)
    for armed, count in reports:
        cart.hear(msgspec.structs.replace(REPORT, armed=armed, deadman_trips=count), 10.1)
    return cart.deadman_trips(10.1)


def test_dead_man_that_acted_while_armed_is_told_each_time() -> None:
    assert trips((True, 7), (True, 7)) == 0
    assert trips((True, 7), (False, 8), (True, 8), (False, 9)) == 2
    assert trips((True, 65_535), (False, 0)) == 1


def test_dead_man_that_closed_nothing_is_not_told() -> None:
    assert trips((False, 7), (False, 8)) == 0


def test_dead_man_of_the_program_before_or_of_a_lost_cable_is_not_told() -> None:
    cart = Cart(CONFIG, None)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    cart.link_went(LinkDown(10.2, "cable"))
    cart.link_came(msgspec.structs.replace(UP, session=2))
    cart.hear(msgspec.structs.replace(REPORT, deadman_trips=1, armed=False), 11.0)
    assert cart.deadman_trips(11.0) == 0


def test_dead_man_is_told_for_ten_seconds() -> None:
    cart = Cart(CONFIG, None)
    cart.link_came(UP)
    cart.hear(REPORT, 10.1)
    cart.hear(msgspec.structs.replace(REPORT, deadman_trips=1, armed=False), 10.4)
    assert (cart.deadman_trips(20.3), cart.deadman_trips(20.5)) == (1, 0)
