"""Sending: until it is taken, ever slower, one channel apart from the other, and nothing that was seen already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from robot.alerts.__main__ import main
from robot.alerts.channels import ChannelError, Webhook
from robot.alerts.config import AlertsConfig, WebhookConfig
from robot.alerts.sender import AT_ONCE, LONGEST_WAIT_S, Sender
from robot.alerts.store import Alert, AlertError, AlertStore
from robot.config import DEMO_MACHINE
from tests.robot.alerts.conftest import HookServer, alert
from tests.robot.conftest import SetClock


@dataclass
class FakeChannel:
    """Takes alerts, or not."""

    name: str = "fake"
    problem: str = ""
    tried: list[float] = field(default_factory=list)
    sent: list[list[int]] = field(default_factory=list)
    clock: SetClock = field(default_factory=SetClock)

    def send(self, alerts: Sequence[Alert]) -> None:
        self.tried.append(self.clock.now())
        if self.problem:
            raise ChannelError(self.problem)
        self.sent.append([one.id for one in alerts])


@pytest.fixture
def store(tmp_path: Path) -> AlertStore:
    return AlertStore(tmp_path / "alerts.sqlite")


def seconds(sender: Sender, clock: SetClock, count: int) -> None:
    for _ in range(count):
        sender.step()
        clock.t += 1.0


def test_an_alert_goes_out_once_the_gravest_first(store: AlertStore) -> None:
    store.keep([alert(1, "pressure_low", "hold"), alert(2), alert(3, "battery_low", "warn")])
    clock, channel = SetClock(), FakeChannel()
    seconds(Sender(store, [channel], AlertsConfig(), clock), clock, 5)
    assert channel.sent == [[2, 1]], "warn is below the least severity that goes out"


def test_muted_codes_stay_at_home(store: AlertStore) -> None:
    store.keep([alert(1, "pressure_low", "hold"), alert(2)])
    clock, channel = SetClock(), FakeChannel()
    config = AlertsConfig(least="warn", mute=("air_leak",))
    seconds(Sender(store, [channel], config, clock), clock, 2)
    assert channel.sent == [[1]]


def test_a_failure_is_tried_again_ever_slower_and_told(store: AlertStore) -> None:
    store.keep([alert(1)])
    clock = SetClock(0.0)
    channel = FakeChannel(problem="no route", clock=clock)
    sender = Sender(store, [channel], AlertsConfig(), clock)
    seconds(sender, clock, 40)
    assert channel.tried == [0.0, 2.0, 6.0, 14.0, 30.0]
    (state,) = store.channels()
    assert (state.name, state.tries, state.problem) == ("fake", 5, "no route")
    seconds(sender, clock, 5000)
    assert max(b - a for a, b in zip(channel.tried, channel.tried[1:], strict=False)) == LONGEST_WAIT_S
    channel.problem = ""
    seconds(sender, clock, int(LONGEST_WAIT_S) + 1)
    assert channel.sent == [[1]]
    assert store.channels()[0].tries == 0


def test_a_channel_that_is_down_holds_up_no_other(store: AlertStore) -> None:
    store.keep([alert(1)])
    clock = SetClock()
    broken, sound = FakeChannel("mail", "down"), FakeChannel("webhook")
    seconds(Sender(store, [broken, sound], AlertsConfig(), clock), clock, 3)
    assert sound.sent == [[1]]


def test_what_was_seen_before_it_could_be_sent_is_not_sent(store: AlertStore) -> None:
    store.keep([alert(1)])
    clock = SetClock()
    channel = FakeChannel(problem="down")
    sender = Sender(store, [channel], AlertsConfig(), clock)
    sender.step()
    store.keep([replace(alert(1), acknowledged=2e9, acknowledged_by="Ana")])
    channel.problem = ""
    seconds(sender, clock, 10)
    assert channel.sent == []


def test_a_restart_of_the_sender_sends_nothing_twice_and_forgets_nothing(store: AlertStore) -> None:
    store.keep([alert(number) for number in range(1, AT_ONCE + 6)])
    clock, channel = SetClock(), FakeChannel()
    Sender(store, [channel], AlertsConfig(), clock).step()
    Sender(store, [channel], AlertsConfig(), clock).step()
    Sender(store, [channel], AlertsConfig(), clock).step()
    assert channel.sent == [list(range(1, AT_ONCE + 1)), list(range(AT_ONCE + 1, AT_ONCE + 6))]


def test_an_alerts_file_that_fails_is_waited_for(store: AlertStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.keep([alert(1)])
    clock, channel = SetClock(), FakeChannel()
    sender = Sender(store, [channel], AlertsConfig(), clock)

    def broken(channel: str) -> list[Alert]:
        raise AlertError("the disk is gone")

    with monkeypatch.context() as broken_disk:
        broken_disk.setattr(store, "unsent", broken)
        sender.step()
    seconds(sender, clock, 5)
    assert channel.sent == [[1]]


def test_a_server_that_is_down_for_a_while_gets_the_alert_in_the_end(
    store: AlertStore, hook: HookServer
) -> None:
    store.keep([alert(1)])
    hook.answers = [503, 429, 500]
    clock = SetClock()
    sender = Sender(store, [Webhook(WebhookConfig(url=hook.url), "r")], AlertsConfig(), clock)
    seconds(sender, clock, 30)
    assert len(hook.got) == 4
    assert store.unsent("webhook") == []


def test_the_process_says_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(DEMO_MACHINE)]) == 0
    assert "nothing to send" in capsys.readouterr().err
    assert main(["--config", str(tmp_path / "none.toml")]) == 2
    assert "name an existing machine file" in capsys.readouterr().err
    (tmp_path / "alerts.sqlite").write_bytes(b"something else" * 100)
    machine = tmp_path / "m.toml"
    text = DEMO_MACHINE.read_text()
    where = f'[alerts]\npath = "{tmp_path}/alerts.sqlite"\nwebhook = {{url = "http://h/"}}\n'
    machine.write_text(f"{text}\n{where}")
    assert main(["--config", str(machine)]) == 1
    assert "alerts file" in capsys.readouterr().err
