#!/bin/sh
# Prepare the environment: a virtual environment with the pinned packages, each
# checked against its hash. Usage: ./setup.sh FOLDER
set -eu

venv=$1

# Debian keeps these apart from Python and git; as root we install what is missing.
need() { # need PACKAGE WHY
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing the Debian package $1 ($2)"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
      apt-get install -qq -y --no-install-recommends "$1" >/dev/null
  else
    echo "Missing: $2. As root: apt-get install $1" >&2
    exit 1
  fi
}

python=$(command -v python3.11 || command -v python3) || {
  echo "Missing: Python 3.11 or newer" >&2
  exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "$python is older than 3.11: put a newer python3 on the PATH" >&2
  exit 1
}
"$python" -c 'import ensurepip' 2>/dev/null || need python3-venv "Python's venv"
"$python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null ||
  need libgomp1 "the OpenMP library of LightGBM"

"$python" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check \
  --require-hashes --requirement requirements.lock
"$venv/bin/pip" install --quiet --disable-pip-version-check \
  --no-deps --no-build-isolation --editable .
