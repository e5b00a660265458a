#!/usr/bin/env bash
# Prints the command that runs cbmc 6. On Debian 12, whose suite has none, it fetches cbmc with its libraries
# from Debian 13 into a folder and starts it through that folder's own ld-linux. The apt configuration is the
# folder's own: nothing is installed, the system's sources stay as they are.
set -euo pipefail

cache=${BOMBUS_CBMC_CACHE:-$(cd "$(dirname "$0")/../.." && pwd)/build/cbmc}
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# Not with apt's own resolver: cbmc wants a whole gcc, and the system's one does.
packages=(cbmc minisat zlib1g libc6 libgcc-s1 libstdc++6)

if command -v cbmc >/dev/null 2>&1; then
    command -v cbmc
    exit 0
fi
if [ ! -x "$cache/cbmc" ]; then
    for tool in apt-get dpkg-deb; do
        command -v "$tool" >/dev/null 2>&1 || { echo "no $tool; install cbmc 6 by hand" >&2; exit 1; }
    done
    [ -r "$keyring" ] || { echo "no $keyring; install cbmc 6 by hand" >&2; exit 1; }
    mkdir -p "$cache"/{state/lists/partial,archives/partial,root}
    : >"$cache/status"
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main" >"$cache/sources.list"
    cat >"$cache/apt.conf" <<CONF
Dir::State "$cache/state";
Dir::State::status "$cache/status";
Dir::Cache "$cache";
Dir::Cache::archives "$cache/archives";
Dir::Etc::sourcelist "$cache/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
CONF
    (
        export APT_CONFIG="$cache/apt.conf"
        apt-get update -q
        cd "$cache/archives" && apt-get download -q "${packages[@]}"
    ) >"$cache/log" 2>&1 || { echo "apt could not fetch cbmc: see $cache/log" >&2; exit 1; }
    for package in "$cache"/archives/*.deb; do
        dpkg-deb --extract "$package" "$cache/root"
    done
    libraries="$cache/root/usr/lib/$(uname -m)-linux-gnu"
    loader=$(find "$cache/root" -name 'ld-linux-*.so.*' | head -n 1)
    cat >"$cache/cbmc" <<RUN
#!/bin/sh
exec "$loader" --library-path "$libraries:$cache/root/usr/lib" "$cache/root/usr/bin/cbmc" "\$@"
RUN
    chmod +x "$cache/cbmc"
    "$cache/cbmc" --version >/dev/null || { rm "$cache/cbmc"; echo "the fetched cbmc does not start" >&2; exit 1; }
fi
echo "$cache/cbmc"
