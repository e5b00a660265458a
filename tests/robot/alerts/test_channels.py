"""Alerts on their way out, against real servers on loopback; whatever fails is one line that names the setting."""

import hashlib
import hmac
import json
import socket
import ssl
from pathlib import Path

import pytest

from robot.alerts.channels import ChannelError, Mail, Webhook, channels_of
from robot.alerts.config import AlertsConfig, MailConfig, WebhookConfig
from tests.robot.alerts.conftest import HookServer, MakeMailServer, alert


def webhook(url: str, **more: object) -> Webhook:
    return Webhook(WebhookConfig.model_validate({"url": url, "timeout_s": 5.0, **more}), "robot 1")


def mail(port: int, **more: object) -> Mail:
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "bombus@farm",
        "to": ["i@farm"],
    }
    return Mail(MailConfig.model_validate({**settings, **more}), "robot 1")


def test_a_webhook_gets_the_robots_name_and_the_alerts(hook: HookServer) -> None:
    webhook(hook.url).send([alert(1), alert(2, "pressure_low", "hold")])
    ((headers, body),) = hook.got
    told = json.loads(body)
    assert headers["Content-Type"] == "application/json"
    assert told["robot"] == "robot 1"
    assert [(one["id"], one["code"], one["severity"]) for one in told["alerts"]] == [
        (1, "air_leak", "stop"),
        (2, "pressure_low", "hold"),
    ]


def test_a_webhooks_body_is_signed_with_the_shared_secret(hook: HookServer, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("abc\n")
    webhook(hook.url, secret_file=str(secret)).send([alert(1)])
    ((headers, body),) = hook.got
    assert headers["X-Bombus-Signature"] == "sha256=" + hmac.new(b"abc", body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_any_other_answer_is_a_failure_and_a_redirect_is_not_followed(hook: HookServer, status: int) -> None:
    hook.answers = [status]
    with pytest.raises(ChannelError, match=rf"alerts\.webhook\.url = '.*/hook': answered {status} .*; check"):
        webhook(hook.url).send([alert(1)])
    assert len(hook.got) == 1


def test_a_server_that_is_not_there_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ChannelError, match="refused"):
        webhook(f"http://127.0.0.1:{port}/").send([alert(1)])
    with pytest.raises(ChannelError, match=rf"alerts\.mail\.host = '127\.0\.0\.1:{port}': .*refused"):
        mail(port).send([alert(1)])


def test_a_server_that_speaks_nonsense_is_one_line() -> None:
    import threading

    def answer(listener: socket.socket) -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            connection.sendall(b"what?\r\n\r\n")
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(ChannelError, match=r"alerts\.webhook\.url"):
            webhook(f"http://127.0.0.1:{port}/").send([alert(1)])
        with pytest.raises(ChannelError, match=r"alerts\.mail\.host"):
            mail(port).send([alert(1)])
        thread.join()


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(ChannelError, match="timed out"):
            webhook(f"http://127.0.0.1:{port}/", timeout_s=0.05).send([alert(1)])
        with pytest.raises(ChannelError, match="timed out"):
            mail(port, timeout_s=0.05).send([alert(1)])


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot be read"), (b"", "is empty"), (b"\xff", "cannot")]
)
def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, told: str) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    with pytest.raises(ChannelError, match=rf"alerts\.webhook\.secret_file = '.*': .*{told}"):
        webhook("http://127.0.0.1:1/", secret_file=str(secret)).send([alert(1)])


def test_a_mail_says_what_is_so_and_what_to_do(mail_server: MakeMailServer) -> None:
    server = mail_server()
    mail(server.port, to=["ines@farm", "tim@farm"]).send([alert(1), alert(2, "pressure_low", "hold")])
    ((to, message),) = server.mails
    assert to == ["ines@farm", "tim@farm"]
    assert message["Subject"] == "[robot 1] stop: Text of air_leak (and 1 more)"
    assert "Text of pressure_low.\n  Mend it.\n  pressure_low, number 2" in message.get_content().replace(
        "\r\n", "\n"
    )


def test_a_text_with_line_breaks_adds_no_header(mail_server: MakeMailServer) -> None:
    from msgspec.structs import replace

    server = mail_server()
    mail(server.port).send([replace(alert(1), text="one\r\nBcc: other@farm")])
    ((to, message),) = server.mails
    assert to == ["i@farm"]
    assert message["Bcc"] is None
    assert message["Subject"] == "[robot 1] stop: one Bcc: other@farm"


def test_a_mail_goes_with_starttls_and_the_password_against_the_farms_own_ca(
    mail_server: MakeMailServer, tls: ssl.SSLContext, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    server, password = mail_server(tls), tmp_path / "password"
    password.write_text("right\n")
    options = {"security": "starttls", "user": "bombus", "password_file": str(password)}
    mail(server.port, **options, ca_file=str(pair[0])).send([alert(1)])
    assert server.logins == [("bombus", "right")]
    assert len(server.mails) == 1


def test_what_a_mail_server_refuses_is_told_in_its_words(
    mail_server: MakeMailServer, tls: ssl.SSLContext, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    strict = mail_server(tls)
    options = {"security": "starttls", "user": "bombus", "password_file": str(password)}
    with pytest.raises(ChannelError, match="answered 535"):
        mail(strict.port, **options, ca_file=str(pair[0])).send([alert(1)])
    with pytest.raises(ChannelError, match="certificate verify failed"):
        mail(strict.port, **options).send([alert(1)])
    with pytest.raises(ChannelError, match=r"alerts\.mail\.ca_file = '.*': cannot be used"):
        mail(strict.port, **options, ca_file=str(tmp_path / "none.pem")).send([alert(1)])
    open_one = mail_server()
    with pytest.raises(ChannelError, match="STARTTLS"):
        mail(open_one.port, security="starttls").send([alert(1)])
    open_one.refuse = "452 the disk is full"
    with pytest.raises(ChannelError, match="answered 452 the disk is full"):
        mail(open_one.port).send([alert(1)])


def test_only_channels_that_are_set_are_made() -> None:
    assert channels_of(AlertsConfig(), "r") == []
    both = AlertsConfig.model_validate(
        {"webhook": {"url": "http://h/"}, "mail": {"host": "h", "sender": "a@b", "to": ["c@d"]}}
    )
    assert [channel.name for channel in channels_of(both, "r")] == ["webhook", "mail"]
