#!/bin/sh
# Makes the base of the images where no registry is at hand: Debian 12 by debootstrap.
# As root: serving/deploy/base.sh [IMAGE], then BASE=IMAGE in .env.
set -eu

image=${1:-localhost/frein-base}
suite=bookworm
mirror=http://deb.debian.org

podman image exists "$image" && exit

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase "$suite" "$root" "$mirror/debian" >&2
cat >"$root/etc/apt/sources.list" <<SOURCES
deb $mirror/debian $suite main
deb $mirror/debian $suite-updates main
deb $mirror/debian-security $suite-security main
SOURCES
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
tar -C "$root" --create . | podman import --change CMD=/bin/sh - "$image"
