from pathlib import Path

import pytest

from robot.config import DEMO_MACHINE, ConfigError, load_config
from robot.home_assistant.broker import read_password


def test_it_is_off_until_the_machine_file_names_a_broker() -> None:
    assert load_config(DEMO_MACHINE).home_assistant is None


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({}, r"home_assistant\.host: missing"),
        ({"host": "h", "user": "u"}, "user, password_file: belong together"),
        ({"host": "h", "ca_file": "ca.pem"}, "ca_file: is of use with tls"),
        ({"host": "h", "prefix": "a/#"}, r"home_assistant\.prefix = 'a/#': is no topic"),
        ({"host": "h", "port": 0}, r"home_assistant\.port = 0"),
        (
            {"host": "h", "pasword": "x"},
            r"home_assistant\.pasword = 'x': unknown key; did you mean 'password_file'",
        ),
    ],
)
def test_a_wrong_section_is_refused_by_name(section: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_config(DEMO_MACHINE, {"home_assistant": section})


def test_a_password_is_the_first_line_and_never_in_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_text("secret \nmore")
    assert read_password(path) == "secret"
    path.write_text("\nsecret")
    with pytest.raises(ConfigError, match="is empty") as refused:
        read_password(path)
    assert "secret" not in str(refused.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_password(tmp_path / "none")
