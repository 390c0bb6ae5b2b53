#!/bin/sh
# local/environment.sh FOLDER VERSION [PYTHON]: makes a virtual environment with uv VERSION in it.
#
# uv finds a Python that the project runs on, or downloads one. PYTHON names another: a program, a
# path or a version. Any Python 3 can install uv, even one that the project does not run on.
set -u
venv=$1 version=$2 wanted=${3:-}

fits="3.11 3.12"                   # requires-python of pyproject.toml
pip=https://bootstrap.pypa.io/pip/pip.pyz

# those that pyenv has and has not chosen
for bin in "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.1[12].*/bin; do
  PATH=$PATH:$bin
done

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

# A program of that name may be there and not run: pyenv has one for every version it knows.
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

# Debian's and Ubuntu's python3 have neither venv nor pip unless they are installed as well.
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

python=$(any_python) || stop "There is no Python from 3.8 on here: install Python ${fits% *} or ${fits#* }."
{ with_venv || with_pip -m pip || with_fetched_pip; } >"$work/log" 2>&1 || stop \
  "$python could not install uv $version, which makes the environment. What it said:" "" \
  "$(tail -n 3 "$work/log")" "" \
  "On Debian and Ubuntu, 'apt install python3-venv' gives it what it lacks."

: >"$work/log"
if [ -n "$wanted" ]; then
  create --no-python-downloads --python "$wanted" || stop "PYTHON=$wanted: $(tail -n 3 "$work/log")"
elif ! create --no-python-downloads --python 3.11 &&
  ! create --no-python-downloads --python 3.12; then
  echo "No Python ${fits% *} or ${fits#* } is installed here: uv downloads ${fits#* } for itself."
  : >"$work/log"
  create --python "${fits#* }" || stop "uv could not download it:" "" "$(cat "$work/log")" "" \
    "Install Python ${fits% *} or ${fits#* }, or say where one is: PYTHON=/path/to/python${fits#* }," \
    "or where uv may download it: UV_PYTHON_INSTALL_MIRROR=…"
fi

found=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case " $fits " in
  *" $found "*) cp "$uv" "$venv/bin/uv" ;;
  *)
    rm -rf "$venv"
    stop "PYTHON=$wanted is Python $found: it has to be ${fits% *} or ${fits#* }." \
      "mediapipe 0.10.21, the last with the models that find faces, is published for no other."
    ;;
esac
