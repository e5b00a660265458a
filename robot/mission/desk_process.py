"""`python -m robot.mission.desk_process`: carries out the one order on standard input; `ProcessDesk` starts it."""

from __future__ import annotations

import pickle
import sys

from robot.clock import MonotonicClock
from robot.mission.desk import carry_out

if __name__ == "__main__":
    # Our own parent is at the other end: nobody else can write here.
    order, house, ledgers = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(pickle.dumps(carry_out(order, house, ledgers, MonotonicClock())))
