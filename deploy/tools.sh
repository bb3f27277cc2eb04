#!/bin/sh
# Fetches what the tests use and pip cannot bring: Prometheus with promtool, and libfaketime for a skewed clock.
#
#   deploy/tools.sh [FOLDER]        into build/tools, where the tests look for what the PATH does not have
#
# It asks the machine's own package archive (Debian, Ubuntu), which proves what it sends, and unpacks the packages into
# the folder. It needs no root, installs nothing on the machine and starts no service. Where it cannot, it says so and
# ends with 1; the tests that need these programs are then skipped, and say so too.
set -eu

PACKAGES="prometheus libfaketime"
WITHIN_S=120

folder=${1:-build/tools}
say() { echo "tools: $*"; }

for needed in apt-get dpkg-deb timeout; do
	command -v "$needed" >/dev/null 2>&1 || {
		say "no $needed on this machine; install Prometheus yourself (prometheus and promtool on the PATH)"
		exit 1
	}
done

rm -rf "$folder"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
folder=$(cd "$folder" && pwd)
log=$folder/apt.log

fetch() {
	timeout "$WITHIN_S" apt-get -qq \
		-o Dir::State::Lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" \
		-o APT::Sandbox::User="$(id -un)" -o APT::Update::Post-Invoke="" -o Acquire::http::Timeout=20 "$@" >>"$log" 2>&1
}

cd "$folder"
# shellcheck disable=SC2086 # a list of words
if fetch update && fetch download $PACKAGES; then
	for package in ./*.deb; do
		dpkg-deb -x "$package" "$folder"
	done
	rm -rf ./*.deb apt usr/share var etc lib
	say "$(ls usr/bin | tr '\n' ' ')are in $folder/usr/bin"
else
	rm -rf apt ./*.deb
	say "the package archive did not give $PACKAGES; see $log"
	exit 1
fi
