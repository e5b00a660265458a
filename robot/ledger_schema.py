"""The ledger's tables and statements; the dashboard reads the tables through a read-only connection."""

from __future__ import annotations

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    row TEXT NOT NULL,
    started REAL NOT NULL,      -- wall time, POSIX seconds, as all `wall` columns
    seen REAL NOT NULL,         -- wall time of the last sign of life
    ended REAL,                 -- null while running, and after a crash
    boot_id INTEGER,            -- of the MCU; with origin_s it gives the place back after a restart
    origin_s REAL               -- s (m) at encoder zero
) STRICT;
CREATE TABLE intent (
    pulse_id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session (id),
    row TEXT NOT NULL,
    side TEXT NOT NULL,
    nozzle INTEGER NOT NULL,
    trigger_ticks INTEGER NOT NULL,
    direction INTEGER NOT NULL,
    on_us INTEGER NOT NULL,
    period_us INTEGER NOT NULL,
    openings INTEGER NOT NULL,
    aim_s REAL NOT NULL,
    aim_h REAL NOT NULL,
    aim_d REAL NOT NULL,
    wall REAL NOT NULL,
    t REAL NOT NULL             -- monotonic time of the control process
) STRICT;
CREATE INDEX intent_by_row ON intent (row, wall);
CREATE TABLE intent_flower (
    pulse_id INTEGER NOT NULL REFERENCES intent (pulse_id),
    flower INTEGER NOT NULL,
    s REAL NOT NULL,
    h REAL NOT NULL,
    d REAL NOT NULL,
    PRIMARY KEY (pulse_id, flower)
) STRICT, WITHOUT ROWID;
CREATE TABLE outcome (
    pulse_id INTEGER PRIMARY KEY REFERENCES intent (pulse_id),
    outcome TEXT NOT NULL,      -- done, cut_short, not_fired, refused, maybe_fired
    reason TEXT NOT NULL,
    openings INTEGER NOT NULL,
    opened_at REAL,             -- monotonic time of the control process
    closed_at REAL,
    position_ticks INTEGER,
    wall REAL NOT NULL
) STRICT;
CREATE TABLE flower (
    session INTEGER NOT NULL REFERENCES session (id),
    side TEXT NOT NULL,
    flower INTEGER NOT NULL,
    s REAL NOT NULL,
    h REAL NOT NULL,
    d REAL NOT NULL,
    reason TEXT NOT NULL,       -- why it was not treated, once it was passed; 'treated' when it was
    wall REAL NOT NULL,
    PRIMARY KEY (session, side, flower)
) STRICT, WITHOUT ROWID;
CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    wall REAL NOT NULL,
    t REAL NOT NULL,
    kind TEXT NOT NULL,         -- mode, command, fault
    text TEXT NOT NULL,
    who TEXT NOT NULL
) STRICT;
CREATE TABLE progress (
    row TEXT PRIMARY KEY,
    max_s REAL NOT NULL,
    wall REAL NOT NULL
) STRICT;
"""

MISSION_SCHEMA = """
CREATE TABLE IF NOT EXISTS visit (
    id INTEGER PRIMARY KEY,
    row TEXT NOT NULL,          -- '' at the dock
    sides TEXT NOT NULL,        -- left right
    begun REAL NOT NULL,
    turned REAL,                -- when the way back began
    ended REAL,                 -- null while under way, and after a crash
    outcome TEXT NOT NULL       -- '' while under way; done, broken_off, blocked, swap, disinfect, home, away
) STRICT;
CREATE TABLE IF NOT EXISTS wish (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,         -- block, pin, unpin, end_day, go_on
    row TEXT NOT NULL,          -- '' for the day as a whole
    who TEXT NOT NULL,
    wall REAL NOT NULL
) STRICT;
"""
"""What the mission did and people wished. An older Bombus leaves the tables alone, so the version stays."""

FORECAST_SCHEMA = """
CREATE TABLE IF NOT EXISTS forecast (
    made REAL NOT NULL,         -- when the day's first plan was made
    told REAL NOT NULL,         -- when it said that the day's rows would be done
    came REAL                   -- when they were; null until then, and on a day that was ended before
) STRICT;
"""
"""What the mission foretold of its days. An older Bombus leaves the table alone."""

FORETELL = "INSERT INTO forecast (made, told) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM forecast WHERE made >= ?3)"
CAME_TRUE = "UPDATE forecast SET came = ? WHERE came IS NULL AND made >= ?"

CLOCK_SCHEMA = """
CREATE TABLE IF NOT EXISTS clock (
    boot TEXT PRIMARY KEY,      -- the kernel's name of a boot of this computer
    shift REAL NOT NULL,        -- wall minus monotonic time, as trusted in that boot
    first_session INTEGER NOT NULL
) STRICT;
"""
"""How wall time is trusted (robot/wall_guard.py). An older Bombus leaves the table alone."""

TEST_SCHEMA = """
CREATE TABLE IF NOT EXISTS valve_test (
    pulse_id INTEGER PRIMARY KEY,   -- of the same count as intent's
    side TEXT NOT NULL,
    nozzle INTEGER NOT NULL,
    on_us INTEGER NOT NULL,
    period_us INTEGER NOT NULL,
    asked INTEGER NOT NULL,         -- openings
    who TEXT NOT NULL,
    wall REAL NOT NULL,
    t REAL NOT NULL,
    outcome TEXT NOT NULL,          -- '' while under way, then as in outcome
    reason TEXT NOT NULL,
    openings INTEGER NOT NULL,
    opened_at REAL,
    closed_at REAL,
    pressure_before REAL,           -- kPa
    pressure_lowest REAL
) STRICT;
"""
"""A technician's test pulses. Not among `intent`: nothing that counts flowers, air or pulses looks here."""

INTEND_TEST = f"INSERT INTO valve_test VALUES ({', '.join('?' * 9)}, '', '', 0, NULL, NULL, NULL, NULL)"
SETTLE_TEST = """
UPDATE valve_test SET outcome = ?2, reason = ?3, openings = ?4, opened_at = ?5, closed_at = ?6
WHERE pulse_id = ?1 AND outcome IN ('', 'maybe_fired')
"""
NOTE_TEST_AIR = "UPDATE valve_test SET pressure_before = ?, pressure_lowest = ? WHERE pulse_id = ?"
GIVE_UP_TESTS = """
UPDATE valve_test SET outcome = 'maybe_fired', reason = 'the program ended before the answer came' WHERE outcome = ''
"""
LAST_PULSE_ID = """
SELECT max(coalesce((SELECT max(pulse_id) FROM intent), 0), coalesce((SELECT max(pulse_id) FROM valve_test), 0))
"""

KEEP_CLOCK = """
INSERT INTO clock SELECT ?1, ?2, coalesce(max(id), 0) + 1 FROM session WHERE true
ON CONFLICT (boot) DO UPDATE SET shift = excluded.shift
"""
MOVE_STAMPS = (
    "UPDATE intent SET wall = wall + ? WHERE session >= (SELECT first_session FROM clock WHERE boot = ?)"
)

BEGIN_VISIT = "INSERT INTO visit (row, sides, begun, outcome) VALUES (?, ?, ?, '')"
NOTE_VISIT = "INSERT INTO visit (row, sides, begun, ended, outcome) VALUES (?, '', ?, ?, ?)"
TURN_VISIT = "UPDATE visit SET turned = ? WHERE id = ?"
END_VISIT = "UPDATE visit SET ended = ?, outcome = ? WHERE id = ?"
VISITS = "SELECT id, row, sides, begun, turned, ended, outcome FROM visit WHERE begun >= ? ORDER BY id"

WISH = "INSERT INTO wish (kind, row, who, wall) VALUES (?, ?, ?, ?)"
WISHES = "SELECT kind, row, who, wall FROM wish WHERE wall >= ? ORDER BY id"

BEGIN_SESSION = "INSERT INTO session (row, started, seen) VALUES (?, ?, ?)"
KEEP_PLACE = "UPDATE session SET seen = ?, boot_id = ?, origin_s = ? WHERE id = ?"
KEEP_PROGRESS = """
INSERT INTO progress (row, max_s, wall) SELECT row, ?, ? FROM session WHERE id = ?
ON CONFLICT (row) DO UPDATE SET max_s = max(max_s, excluded.max_s), wall = excluded.wall
"""
LAST_SESSION = """
SELECT row, boot_id, origin_s, ended IS NOT NULL FROM session WHERE id <> ? ORDER BY id DESC LIMIT 1
"""
INTEND = f"INSERT INTO intent VALUES ({', '.join('?' * 15)})"
INTEND_FLOWER = "INSERT OR IGNORE INTO intent_flower VALUES (?, ?, ?, ?, ?)"
FINISH_FLOWER = "INSERT OR REPLACE INTO flower VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
NOTE = "INSERT INTO journal (wall, t, kind, text, who) VALUES (?, ?, ?, ?, ?)"

GIVE_UP_UNRESOLVED = """
INSERT INTO outcome (pulse_id, outcome, reason, openings, wall)
SELECT pulse_id, 'maybe_fired', 'the program ended before the answer came', 0, ? FROM intent
WHERE pulse_id NOT IN (SELECT pulse_id FROM outcome)
"""

SETTLE = """
INSERT INTO outcome SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
WHERE EXISTS (SELECT 1 FROM intent WHERE pulse_id = ?1)
ON CONFLICT (pulse_id) DO UPDATE SET
    outcome = excluded.outcome, reason = excluded.reason, openings = excluded.openings,
    opened_at = excluded.opened_at, closed_at = excluded.closed_at,
    position_ticks = excluded.position_ticks, wall = excluded.wall
WHERE outcome.outcome = 'maybe_fired'
"""
"""A measured outcome replaces a 'maybe', never another measured one."""

MAYBE_FIRED = """
SELECT pulse_id FROM outcome JOIN intent USING (pulse_id)
WHERE outcome = 'maybe_fired' AND intent.wall >= ?1
UNION SELECT pulse_id FROM valve_test WHERE outcome = 'maybe_fired' AND wall >= ?1 ORDER BY pulse_id
"""

TREATED_PLACES = """
SELECT i.side, f.s, f.h, f.d, i.pulse_id, i.wall
FROM intent i JOIN intent_flower f USING (pulse_id) LEFT JOIN outcome o USING (pulse_id)
WHERE i.row = ? AND i.wall >= ? AND (o.outcome IS NULL OR o.outcome NOT IN ('not_fired', 'refused'))
ORDER BY i.pulse_id, f.flower
"""
