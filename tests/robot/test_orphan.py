import os
import signal
import subprocess
import sys

import pytest

from robot.orphan import PARENT, end_with_parent, naming_parent

HELPER = """
import os, time
from robot.orphan import end_with_parent
end_with_parent(os.environ)
print("up", flush=True)
time.sleep(60)
"""
STARTER = f"""
import os, subprocess, sys, time
from robot.orphan import naming_parent
subprocess.Popen([sys.executable, "-c", {HELPER!r}], env=naming_parent(os.environ), start_new_session=True)
time.sleep(60)
"""


@pytest.mark.realtime
def test_helper_ends_when_its_parent_is_killed() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    assert starter.stdout.readline() == "up\n"
    starter.send_signal(signal.SIGKILL)
    starter.wait(20)
    # The helper holds the other end of the pipe until it ends.
    assert starter.stdout.read() == ""
    starter.stdout.close()


@pytest.mark.realtime
def test_helper_whose_parent_died_before_it_asked_ends_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELPER], env={**os.environ, PARENT: "1"}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_program_that_nobody_started_as_a_helper_goes_on() -> None:
    end_with_parent({})
    assert naming_parent({"A": "b"}) == {"A": "b", PARENT: str(os.getpid())}
