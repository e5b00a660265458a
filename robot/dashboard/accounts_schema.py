"""The accounts file: people, their sessions, tokens, and the append-only audit log."""

APPLICATION_ID = 0x426F6D61
"""Marks the file as ours ("Boma")."""

VERSION = 1

SCHEMA = """
CREATE TABLE user (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'technician', 'admin')),
    password TEXT NOT NULL,
    made REAL NOT NULL
) STRICT;
CREATE TABLE session (
    hash BLOB PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    made REAL NOT NULL,
    seen REAL NOT NULL,
    address TEXT NOT NULL
) STRICT;
CREATE INDEX session_user ON session (user);
CREATE TABLE token (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    made REAL NOT NULL,
    made_by TEXT NOT NULL,
    ends REAL,
    revoked REAL
) STRICT;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    wall REAL NOT NULL,
    who TEXT NOT NULL,
    role TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT;
CREATE INDEX audit_request ON audit (request_id, who) WHERE request_id <> '';
CREATE TABLE outcome (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    audit INTEGER NOT NULL REFERENCES audit (id),
    wall REAL NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'no_answer')),
    text TEXT NOT NULL
) STRICT;
CREATE INDEX outcome_audit ON outcome (audit);
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_adds BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER outcome_keeps BEFORE UPDATE ON outcome BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER outcome_stays BEFORE DELETE ON outcome BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER outcome_adds BEFORE INSERT ON outcome WHEN EXISTS (SELECT 1 FROM outcome WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
"""

CROP_SCHEMA = """
CREATE TABLE IF NOT EXISTS crop_count (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day TEXT NOT NULL,          -- of the robot's place, ISO 8601
    row TEXT NOT NULL,
    flowers INTEGER NOT NULL,
    fruits INTEGER NOT NULL,
    truss REAL,                 -- number of the truss in bloom, on average
    who TEXT NOT NULL,
    wall REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS crop_count_by_day ON crop_count (day);
"""
"""What people counted in the crop. An older Bombus leaves the table alone, so the version stays."""
