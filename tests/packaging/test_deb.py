"""The Debian package: its first machine file, its scripts, and the rehearsal's own tools."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from robot.config import parse_config
from sim.scratch_root import RehearsalError, ScratchRoot, Unit, with_version

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg is not installed")


@pytest.fixture(scope="module")
def build_deb() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_deb", PACKAGING / "build_deb.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_first_machine_file_keeps_everything_where_the_units_may_write(build_deb: ModuleType) -> None:
    text = build_deb.first_machine()
    machine = parse_config(text, "machine.toml")
    assert machine.ledger.path == Path("/var/lib/bombus/ledger.sqlite")
    assert machine.alerts.path.parent == Path("/var/lib/bombus/alerts")
    assert machine.dashboard.socket == Path("/run/bombus/telemetry.sock")
    assert machine.dashboard.accounts.parent == Path("/var/lib/bombus-web")
    assert "(assumed)" in text, "the demo machine's comments are kept"


def test_units_machine_file_and_every_document_are_laid_out(build_deb: ModuleType, tmp_path: Path) -> None:
    build_deb.install_files(tmp_path)
    assert (tmp_path / "usr/lib/systemd/system/bombus.service").is_file()
    assert (tmp_path / "usr/lib/systemd/system/bombus-config.path").is_file()
    assert (tmp_path / "usr/lib/tmpfiles.d/bombus.conf").is_file()
    assert (tmp_path / "usr/share/bombus/machine.toml").is_file()
    docs = PACKAGING.parent / "docs"
    ours = {path.relative_to(docs) for path in docs.rglob("*") if path.is_file()}
    laid = tmp_path / "usr/share/doc/bombus/docs"
    assert {path.relative_to(laid) for path in laid.rglob("*") if path.is_file()} == ours


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm", "bombus.sh"])
def test_script_is_sound_shell(script: str) -> None:
    subprocess.run(["sh", "-n", str(PACKAGING / "debian" / script)], check=True)


def test_a_python_of_another_version_is_told(build_deb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_deb.shutil, "which", lambda name: "/usr/bin/dpkg-deb")
    monkeypatch.setattr(build_deb, "SYSTEM_PYTHON", Path(sys.executable))
    monkeypatch.setattr(build_deb, "run", lambda *command: "3.99\n")
    with pytest.raises(build_deb.PackagingError, match=r"Debian's Python is 3\.99, .* make it anew"):
        build_deb.check_tools()


def test_a_command_that_fails_is_told_with_its_last_line(build_deb: ModuleType) -> None:
    with pytest.raises(build_deb.PackagingError, match="sh failed: no room"):
        build_deb.run("sh", "-c", "echo first >&2; echo no room >&2; exit 1")


def tiny_package(folder: Path) -> Path:
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "opt").mkdir()
    (tree / "opt/file").write_text("content")
    control = "Package: bombus\nVersion: 1.0-1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: c\n"
    (tree / "DEBIAN/control").write_text(control)
    package = folder / "one.deb"
    subprocess.run(["dpkg-deb", "--build", str(tree), str(package)], check=True, capture_output=True)
    return package


@needs_dpkg
def test_the_same_package_under_another_version_installs_over_it_and_back(tmp_path: Path) -> None:
    package = tiny_package(tmp_path)
    newer = with_version(package, "1.0-2", tmp_path / "newer.deb")
    scratch = ScratchRoot(tmp_path / "root")
    assert scratch.install(package) == "1.0-1"
    assert scratch.install(newer) == "1.0-2"
    assert (scratch.root / "opt/file").read_text() == "content"
    assert scratch.install(package) == "1.0-1"
    scratch.purge()
    assert not (scratch.root / "opt/file").exists()


@needs_dpkg
def test_what_dpkg_refuses_and_what_is_missing_is_one_line(tmp_path: Path) -> None:
    scratch = ScratchRoot(tmp_path / "root")
    with pytest.raises(RehearsalError, match="dpkg --install failed"):
        scratch.install(tmp_path / "none.deb")
    with pytest.raises(RehearsalError, match=r"bombus\.service: not in the package"):
        Unit(scratch.root, "bombus")
    with pytest.raises(RehearsalError, match="made no account bombus"):
        scratch.accounts("bombus")
