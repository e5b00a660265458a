"""The mutation run's own parts: which changes it makes, how it names them, and that its list cannot rot."""

from pathlib import Path

import pytest

from firmware_bridge.proofs.bench import Bench, all_mutants
from firmware_bridge.proofs.campaign import Trial, Verdict
from firmware_bridge.proofs.mutants import Mutant, mutants
from firmware_bridge.proofs.mutate import entry_for, equivalents, stale, table

SOURCE = """\
#define LIMIT_US 10u /* as 11 elsewhere */
static bool late(uint32_t now)
{
    if (now > LIMIT_US && now != 0)
        return false;
    count += 1; /* count < 1 */
    return now - 1;
}
"""


def changes() -> set[tuple[str, str, str]]:
    return {(m.function, m.line, m.becomes) for m in mutants("late.c", SOURCE)}


def test_each_small_change_is_made_once_and_comments_are_left_alone() -> None:
    line = "if (now > LIMIT_US && now != 0)"
    count = "count += 1; /* count < 1 */"
    assert changes() == {
        ("", "#define LIMIT_US 10u /* as 11 elsewhere */", "#define LIMIT_US 11u /* as 11 elsewhere */"),
        ("late", line, line.replace(">", ">=")),
        ("late", line, line.replace(">", "<")),
        ("late", line, line.replace("&&", "||")),
        ("late", line, line.replace("!=", "==")),
        ("late", line, line.replace("!= 0", "!= 1")),
        ("late", "return false;", "return true;"),
        ("late", "return false;", ";"),
        ("late", count, count.replace("+=", "-=")),
        ("late", count, count.replace("= 1", "= 2")),
        ("late", count, ";"),
        ("late", "return now - 1;", "return now + 1;"),
        ("late", "return now - 1;", "return now - 2;"),
    }


def test_change_stands_in_its_line_and_nowhere_else() -> None:
    for mutant in mutants("late.c", SOURCE):
        before, after = SOURCE.splitlines(), mutant.applied(SOURCE).splitlines()
        differing = [i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        assert differing == [mutant.row]
        assert after[mutant.row].strip() == mutant.becomes


def test_no_two_mutants_of_the_core_share_a_name_and_every_file_has_some() -> None:
    found = all_mutants()
    assert len({mutant.key() for mutant in found}) == len(found) > 1000
    assert len({mutant.file for mutant in found}) == 11
    assert {m.function for m in found if m.file == "protocol.h"} == {"bb_config_valid"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("mutants") / "bench")


def of(file: str, becomes: str) -> Mutant:
    (found,) = (mutant for mutant in all_mutants([file]) if mutant.becomes == becomes)
    return found


def test_change_in_a_header_or_a_source_is_compiled_and_told_from_the_core_as_it_is(bench: Bench) -> None:
    for file, becomes in [("ticks.h", "return now + then;"), ("valve.c", "valve->heat_us -= on_us;")]:
        mutant = of(file, becomes)
        assert bench.build(mutant, "mutant") is not None
        assert not bench.same_code(mutant, "mutant")


def test_change_that_the_compiler_makes_nothing_of_is_found_to_be_the_same_code(bench: Bench) -> None:
    mutant = of("frame.c", "bb_put(raw + 2, 3, frame->seq);")
    assert bench.build(mutant, "same") is not None
    assert bench.same_code(mutant, "same")


def trials() -> list[Trial]:
    verdicts = [Verdict.ALIVE, Verdict.KILLED, Verdict.SAME, Verdict.ALIVE]
    return [Trial(m, v, 1.5) for m, v in zip(mutants("late.c", SOURCE), verdicts, strict=False)]


def test_listed_change_that_is_killed_or_gone_is_stale() -> None:
    first, second, third, _ = (trial.mutant for trial in trials())
    assert stale(trials(), [first.key()]) == []
    assert "(killed)" in stale(trials(), [second.key()])[0]
    assert "(same)" in stale(trials(), [third.key()])[0]
    assert "(not a mutant of the core)" in stale(trials(), [first._replace(becomes="x").key()])[0]
    assert stale(trials(), [first._replace(file="other.c").key()]) == []


def test_table_counts_every_file_and_all() -> None:
    rows = table(trials(), [trials()[0].mutant.key()]).splitlines()
    assert rows[1].split() == ["late.c", "4", "1", "1", "1", "1", "6"]
    assert rows[2].split()[1:] == rows[1].split()[1:]


def test_entry_that_is_printed_is_the_entry_that_is_read(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.toml"
    mutant = mutants("late.c", SOURCE)[2]
    path.write_text(entry_for(mutant) + "\nwhy = 'it is only an example of a reason'\n")
    assert list(equivalents(path)) == [mutant.key()]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("file = 'a.c'\nfunction = 'f'\nline = 'x'\nbecomes = 'y'", "lacks why"),
        ("file = 'a.c'\nfunction = 'f'\nline = 'x'\nbecomes = 'y'\nwhy = 'no'", "gives no reason"),
    ],
)
def test_entry_without_a_reason_is_refused_in_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "equivalent.toml"
    path.write_text(f"[[mutant]]\n{text}\n")
    with pytest.raises(SystemExit, match=complaint):
        equivalents(path)


def test_entry_listed_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "equivalent.toml"
    path.write_text((entry_for(mutants("late.c", SOURCE)[0]) + "\nwhy = 'one two three four five'\n") * 2)
    with pytest.raises(SystemExit, match="listed twice"):
        equivalents(path)
