#!/bin/sh
# local/environment.sh FOLDER VERSION [PYTHON]: creates a virtual environment that contains uv VERSION.
#
# uv finds or downloads a Python that the project supports. PYTHON selects another: a program, a path
# or a version. Any Python from 3.8 on can install uv, even if the project does not support it.
set -u
venv=$1 version=$2 wanted=${3:-}

supported="3.11 3.12"              # as requires-python in pyproject.toml
pip=https://bootstrap.pypa.io/pip/pip.pyz

# versions that pyenv has installed but not selected
for bin in "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[12].*/bin; do
  PATH=$PATH:$bin
done

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

# A program may exist but not run: pyenv has a launcher for each version that it knows.
runs() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1
}

any_python() {
  for name in "$wanted" python3 python3.11 python3.12 python3.13 python3.14 python3.10 python3.9 \
    python3.8 python; do
    if [ -n "$name" ] && runs "$name"; then
      echo "$name"
      return
    fi
  done
  return 1
}

# On Debian and Ubuntu, venv and pip are separate packages.
with_venv() {
  "$python" -m venv "$work/venv" &&
    "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv==$version" &&
    uv=$work/venv/bin/uv
}

with_pip() {
  "$python" "$@" install --quiet --disable-pip-version-check --target "$work/uv" "uv==$version" &&
    uv=$work/uv/bin/uv
}

with_fetched_pip() {
  "$python" -c 'import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])' \
    "$pip" "$work/pip.pyz" && with_pip "$work/pip.pyz"
}

create() {
  "$uv" venv --quiet --no-project --clear "$@" "$venv" >>"$work/log" 2>&1
}

python=$(any_python) || stop "No Python from 3.8 on was found. Please install Python ${supported% *} or ${supported#* }."
{ with_venv || with_pip -m pip || with_fetched_pip; } >"$work/log" 2>&1 || stop \
  "$python could not install uv $version, which creates the virtual environment:" "" \
  "$(tail -n 3 "$work/log")" "" \
  "On Debian and Ubuntu, 'apt install python3-venv' installs the missing package."

: >"$work/log"
if [ -n "$wanted" ]; then
  create --no-python-downloads --python "$wanted" || stop "PYTHON=$wanted: $(tail -n 3 "$work/log")"
elif ! create --no-python-downloads --python 3.11 &&
  ! create --no-python-downloads --python 3.12; then
  echo "No Python ${supported% *} or ${supported#* } was found, so uv downloads ${supported#* }."
  : >"$work/log"
  create --python "${supported#* }" || stop "uv could not download it:" "" "$(cat "$work/log")" "" \
    "Install Python ${supported% *} or ${supported#* }, or give a path: PYTHON=/path/to/python${supported#* }," \
    "or a mirror for the download: UV_PYTHON_INSTALL_MIRROR=…"
fi

found=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case " $supported " in
  *" $found "*) cp "$uv" "$venv/bin/uv" ;;
  *)
    rm -rf "$venv"
    stop "PYTHON=$wanted is Python $found, but the project needs ${supported% *} or ${supported#* }." \
      "mediapipe 0.10.21, the last version with the needed face models, supports no other."
    ;;
esac
