#!/usr/bin/env bash
# Installs what is missing, says what it does, and does nothing when nothing is missing.
#   setup.sh run    what the station needs to run
#   setup.sh test   that, and what its tests need
# System packages come through root or sudo, Python packages go into .venv from the lock file with hashes.
set -euo pipefail
what=${1:-run}
cd "$(dirname "$0")/../.."
state=.venv/.setup
began=$SECONDS
say() { printf '[setup %3ds] %s\n' "$((SECONDS - began))" "$*" >&2; }

run_packages="python3 python3-venv python3-dev gcc swig libpcsclite-dev pcscd tesseract-ocr
  libgl1 libegl1 libglib2.0-0 libxkbcommon0 libdbus-1-3 libfontconfig1 fontconfig-config xkb-data
  libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-image0 libxcb-render-util0
  libxcb-shape0 libxcb-xkb1"
test_packages="vsmartcard-vpcd socat xvfb xauth xdotool openbox gnome-keyring dbus fonts-ocr-b
  mrtdreader libeac3"

packages=$run_packages
[ "$what" = test ] && packages="$packages $test_packages"

missing_packages() {
  local name
  for name in $packages; do
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' && continue
    # Renamed libraries (…t64) provide the old name.
    dpkg-query -W -f='${Status}' "${name}t64" 2>/dev/null | grep -q 'ok installed' && continue
    printf '%s ' "$name"
  done
}

as_root=()
may_install=no

find_root() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "not a Debian or Ubuntu system: install by its own means: $(echo $packages)"
  elif [ "$(id -u)" = 0 ]; then
    may_install=yes
  elif command -v sudo >/dev/null; then
    may_install=yes
    as_root=(sudo)
  fi
}

install_packages() {
  local missing
  command -v dpkg-query >/dev/null || return 0
  missing=$(missing_packages)
  # What this release does not have is not looked for anew at every start.
  [ -n "$missing" ] && compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null && missing=$(obtainable $missing)
  [ -z "$missing" ] && return 0
  if [ "$may_install" = no ]; then
    say "no root and no sudo; ask an administrator for: apt-get install $missing"
    return 0
  fi
  say "installing system packages: $missing"
  ${as_root[@]+"${as_root[@]}"} apt-get -qq update
  fetch_packages $(obtainable $missing)
}

# The names under which apt knows the packages; those of other releases are left out.
obtainable() {
  local name
  for name in "$@"; do
    if apt-cache show "${name}t64" >/dev/null 2>&1; then
      printf '%s ' "${name}t64"
    elif apt-cache show "$name" >/dev/null 2>&1; then
      printf '%s ' "$name"
    fi
  done
}

fetch_packages() {
  [ $# = 0 ] && return 0
  patiently "installing system packages" ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

suits() { "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

suited_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
    if command -v "$candidate" >/dev/null && suits "$candidate"; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

# Where the system's own Python is another (Ubuntu 22.04: 3.10), one that suits is installed beside it.
find_python() {
  local version
  suited_python && return 0
  if [ "$may_install" = yes ]; then
    for version in python3.13 python3.12 python3.11; do
      if apt-cache show "$version-venv" >/dev/null 2>&1; then
        say "installing $version: the system's own does not suit"
        fetch_packages "$version" "$version-venv" "$version-dev"
        suited_python && return 0
      fi
    done
  fi
  say "no Python 3.11 to 3.13 with venv found; name one with PYTHON=…"
  return 1
}

# Runs a long command quietly, with a sign of life every twenty seconds.
patiently() {
  local label=$1 job ticks=0
  shift
  "$@" 2> >(grep -v DEPRECATION >&2) &
  job=$!
  # A job in the background does not hear Ctrl-C: without this it would go on beside the next attempt.
  trap 'kill "$job" 2>/dev/null; wait "$job" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$job" 2>/dev/null; do
    sleep 1
    ticks=$((ticks + 1))
    [ $((ticks % 20)) -eq 0 ] && say "… still $label"
  done
  wait "$job"
  trap - INT TERM
}

make_environment() {
  local python wanted
  wanted=$(cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1)
  if [ -f "$state/lock" ] && [ "$(cat "$state/lock")" = "$wanted" ]; then
    return 0
  fi
  # What was broken off in the middle has a Python and no pip.
  if ! suits .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
  fi
  say "installing Python packages (about 100, one to two minutes the first time)"
  patiently "installing Python packages" \
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
  mkdir -p "$state"
  printf '%s' "$wanted" > "$state/lock"
}

warm_up() {
  local wanted
  wanted=$(cat "$state/lock")
  if [ -f "$state/warm" ] && [ "$(cat "$state/warm")" = "$wanted" ]; then
    return 0
  fi
  say "preparing the face model"
  .venv/bin/python -m inspection_station.matching.embedder_setup >/dev/null
  printf '%s' "$wanted" > "$state/warm"
}

# Compiled once for each version of the sources; without it the first finger of the day would wait for the compiler.
warm_up_fingers() {
  local wanted
  wanted=$(cat "$state/lock" inspection_station/matching/{compiled,gallery_scan}.py inspection_station/matching/fingerprint/*.py | sha256sum | cut -d' ' -f1)
  if [ -f "$state/warm-fingers" ] && [ "$(cat "$state/warm-fingers")" = "$wanted" ]; then
    return 0
  fi
  say "compiling the fingerprint comparison (half a minute)"
  patiently "compiling the fingerprint comparison" .venv/bin/python -m inspection_station.matching.fingerprint.warm_up >/dev/null
  printf '%s' "$wanted" > "$state/warm-fingers"
}

find_root
install_packages
make_environment
warm_up
warm_up_fingers
say "ready"
