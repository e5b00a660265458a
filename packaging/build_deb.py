"""`make deb`: one Debian package with Bombus and everything it imports under /opt/bombus, for Debian's own Python."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import tomlkit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SYSTEM_PYTHON = Path("/usr/bin/python3")
EXTRAS = "plan,mqtt"
SCRIPTS = ("postinst", "prerm", "postrm")

MACHINE: dict[str, dict[str, object]] = {
    "ledger": {"path": "/var/lib/bombus/ledger.sqlite"},
    "recording": {"folder": "/var/lib/bombus/recordings"},
    "alerts": {"path": "/var/lib/bombus/alerts/alerts.sqlite"},
    "dashboard": {
        "socket": "/run/bombus/telemetry.sock",
        "group": "bombus",
        "accounts": "/var/lib/bombus-web/accounts.sqlite",
    },
}
"""Where an installed robot keeps things; the rest of the first machine file is the demo machine's."""

CONTROL = """Package: bombus
Version: {version}
Architecture: {architecture}
Maintainer: Bombus maintainers <bombus@localhost>
Installed-Size: {size}
Depends: python3 (>= {python}), python3 (<< {next_python}), systemd (>= 250)
Section: misc
Priority: optional
Description: Control stack for greenhouse pollination robots
 Finds tomato flowers with cameras and shakes the ready ones with air: control
 process, operator's page, alerts and more, each as a systemd service of its own.
"""


class PackagingError(Exception):
    """The package cannot be built here; the text says what is missing."""


def main() -> int:
    """Build the package; prints its path. Exit 1 when something is missing, with one line."""
    parser = argparse.ArgumentParser(prog="build_deb.py", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "deb", help="folder for tree and package"
    )
    parser.add_argument("--revision", default="1", help="Debian revision after the version")
    options = parser.parse_args()
    try:
        print(build(options.out.resolve(), options.revision))
    except PackagingError as error:
        print(f"make deb: {error}", file=sys.stderr)
        return 1
    return 0


def build(out: Path, revision: str) -> Path:
    """Return the path of the package that was built in `out`; raises PackagingError."""
    version = f"{tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']['version']}-{revision}"
    python = check_tools()
    tree = out / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    install_packages(tree / "opt/bombus", python)
    install_files(tree)
    return pack(tree, out, version, python)


def check_tools() -> str:
    """Return Debian's Python version ("3.11"); raises PackagingError when this machine cannot build."""
    if shutil.which("dpkg-deb") is None:
        raise PackagingError("no dpkg-deb; this needs Debian or alike")
    if not SYSTEM_PYTHON.exists():
        raise PackagingError(f"no {SYSTEM_PYTHON}: apt-get install python3")
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    system = run(str(SYSTEM_PYTHON), "-c", ask).strip()
    ours = "{}.{}".format(*sys.version_info[:2])
    if system != ours:
        raise PackagingError(
            f"Debian's Python is {system}, the virtual environment's is {ours}; make it anew: "
            f"make clean, rm -r .venv, make setup PYTHON={SYSTEM_PYTHON}"
        )
    return system


def install_packages(prefix: Path, python: str) -> None:
    """Fill an environment for Debian's Python: like a venv, but it runs wherever the tree lies."""
    site = prefix / "lib" / f"python{python}" / "site-packages"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-warn-conflicts",
    ]
    run(*pip, "--target", str(site), f"{ROOT}[{EXTRAS}]")
    shutil.rmtree(site / "bin", ignore_errors=True)
    folder = prefix / "bin"
    folder.mkdir(parents=True)
    (folder / "python3").symlink_to(f"/usr/bin/python{python}")
    (prefix / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n"
    )
    copy(HERE / "debian" / "bombus.sh", folder / "bombus", 0o755)


def install_files(tree: Path) -> None:
    """Put units, accounts, the first machine file and the documents where Debian wants them."""
    for unit in sorted((HERE / "systemd").iterdir()):
        copy(unit, tree / "usr/lib/systemd/system" / unit.name)
    copy(HERE / "debian" / "sysusers.conf", tree / "usr/lib/sysusers.d/bombus.conf")
    copy(HERE / "debian" / "tmpfiles.conf", tree / "usr/lib/tmpfiles.d/bombus.conf")
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/bombus").symlink_to("/opt/bombus/bin/bombus")
    share = tree / "usr/share/bombus"
    share.mkdir(parents=True)
    (share / "machine.toml").write_text(first_machine())
    documents = tree / "usr/share/doc/bombus"
    for document in sorted(path for path in (ROOT / "docs").rglob("*") if path.is_file()):
        copy(document, documents / document.relative_to(ROOT))
    for name in ("README.md", "CHANGELOG.md"):
        copy(ROOT / name, documents / name)
    copy(ROOT / "LICENSE", documents / "copyright")


def first_machine() -> str:
    """Return the demo machine with an installed robot's paths, its comments kept."""
    document = tomlkit.parse((ROOT / "robot/machines/demo.toml").read_text())
    for section, values in MACHINE.items():
        table = document.setdefault(section, tomlkit.table())
        for key, value in values.items():
            table[key] = value
    return tomlkit.dumps(document)


def pack(tree: Path, out: Path, version: str, python: str) -> Path:
    """Add the control files and make the package."""
    architecture = run("dpkg", "--print-architecture").strip()
    control = tree / "DEBIAN"
    control.mkdir()
    files = [path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink()]
    size_kib = sum(path.stat().st_size for path in files) // 1024
    major, minor = python.split(".")
    text = CONTROL.format(
        version=version,
        architecture=architecture,
        size=size_kib,
        python=python,
        next_python=f"{major}.{int(minor) + 1}",
    )
    (control / "control").write_text(text)
    lines = (f"{md5_of(path)}  {path.relative_to(tree)}\n" for path in files)
    (control / "md5sums").write_text("".join(lines))
    for script in SCRIPTS:
        copy(HERE / "debian" / script, control / script, 0o755)
    package = out / f"bombus_{version}_{architecture}.deb"
    run("dpkg-deb", "--root-owner-group", "-Zzstd", "-z3", "--build", str(tree), str(package))
    return package


def md5_of(path: Path) -> str:
    """Return what dpkg --verify compares with."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def copy(source: Path, target: Path, mode: int = 0o644) -> None:
    """Copy one file with a mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def run(*command: str) -> str:
    """Run a command and return its output; raises PackagingError with the last line that it said."""
    environment = {**os.environ, "PIP_NO_INPUT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        raise PackagingError(f"{Path(command[0]).name} failed: {said[-1]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
