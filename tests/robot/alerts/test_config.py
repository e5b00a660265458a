"""The alerts' settings: what cannot work is refused with the key, the value and the remedy."""

import pytest

from robot.config import DEMO_MACHINE, ConfigError, load_config

MAIL: dict[str, object] = {
    "alerts.mail.host": "mail.farm",
    "alerts.mail.sender": "bombus@farm",
    "alerts.mail.to": ["ines@farm"],
}


def test_nothing_goes_out_unless_a_channel_is_set() -> None:
    assert not load_config(DEMO_MACHINE).alerts.goes_out
    assert load_config(DEMO_MACHINE, {"alerts.webhook.url": "https://farm.example/hook"}).alerts.goes_out
    assert load_config(DEMO_MACHINE, MAIL).alerts.goes_out


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"alerts.webhook.url": "ftp://x"}, r"alerts\.webhook\.url = 'ftp://x': is no http"),
        ({"alerts.webhook.url": "http://"}, r"alerts\.webhook\.url"),
        ({"alerts.webhook.url": "http://a b/"}, r"alerts\.webhook\.url"),
        ({"alerts.webhook.url": "http://h:99999/"}, r"alerts\.webhook\.url"),
        (
            {"alerts.mute": ["presure_low"]},
            r"'presure_low' is no code of an alert; did you mean 'pressure_low'",
        ),
        ({**MAIL, "alerts.mail.to": ["ines"]}, r"'ines' is no mail address; write it as name@host"),
        ({**MAIL, "alerts.mail.to": ["a@b\nBcc: c@d"]}, r"is no mail address"),
        ({**MAIL, "alerts.mail.to": []}, r"alerts\.mail\.to"),
        ({**MAIL, "alerts.mail.user": "x"}, r"password_file: belong together"),
        (
            {
                **MAIL,
                "alerts.mail.user": "x",
                "alerts.mail.password_file": "p",
                "alerts.mail.security": "none",
            },
            r"would send the password in clear",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_the_remedy(overrides: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_config(DEMO_MACHINE, overrides)
