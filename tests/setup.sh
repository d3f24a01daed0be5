#!/bin/sh
# What the tests need besides Python: the grammar checker that judges the French, the
# second database that the store runs on (the tests start a server of their own), and
# the browser that reads the console; systemd judges the unit of the service.
set -eu

packages="grammalecte-cli postgresql chromium-headless-shell systemd"

missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" ||
    missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of packages
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    $missing >/dev/null
else
  echo "The tests need Debian packages. As root: apt-get install$missing" >&2
  exit 1
fi
