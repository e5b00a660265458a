import pytest

from robot.share_told import share_in, share_line


def test_every_share_that_is_told_is_understood() -> None:
    for hundredths in range(101):
        assert share_in(share_line(hundredths)) == hundredths / 100


@pytest.mark.parametrize("line", ["", "share", "share 2.00", "share 0.5", "a share 0.42", "share 0.42 more"])
def test_any_other_line_is_no_share(line: str) -> None:
    assert share_in(line) is None
