#!/bin/sh
# Fetches what the tests use and pip cannot bring: Prometheus with promtool, libfaketime for a skewed clock, Debian's
# docker-compose, helm and kubeconform.
#
#   deploy/tools.sh [FOLDER]        into build/tools, where the tests look for what the PATH does not have
#
# The first three come from the machine's own package archive (Debian, Ubuntu), which proves what it sends, and are
# unpacked into the folder; the last two are built by Go, which checks their sources by its checksum database. It needs
# no root, installs nothing on the machine and starts no service. What it cannot have it names, and ends with 1; the
# tests that need these programs are then skipped, and say so too.
set -eu

HELM=helm.sh/helm/v3/cmd/helm@v3.22.0
KUBECONFORM=github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
WITHIN_S=120
BUILT_WITHIN_S=360

folder=${1:-build/tools}
code=0
say() { echo "tools: $*"; }
has() { command -v "$1" >/dev/null 2>&1; }
lacks() {
	say "$*"
	code=1
}

rm -rf "$folder"
mkdir -p "$folder/usr/bin" "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
folder=$(cd "$folder" && pwd)
log=$folder/tools.log
cd "$folder"

# The options keep the machine's own lists as they are.
archive() {
	tool=$1
	shift
	timeout "$WITHIN_S" "$tool" -q -o Dir::State::Lists="$folder/apt/lists" -o Dir::Cache="$folder/apt/cache" \
		-o APT::Sandbox::User="$(id -un)" -o APT::Update::Post-Invoke="" -o Acquire::http::Timeout=20 "$@" 2>>"$log"
}

# docker-compose and the Python packages that it needs, but for Python.
compose_packages() {
	archive apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances docker-compose | grep -E '^(docker-compose|python3-[a-z0-9.-]+)$' | sort -u
}

unpacked() {
	archive apt-get download "$@" >>"$log" || return 1
	for package in ./*.deb; do
		dpkg-deb -x "$package" "$folder" || return 1
	done
	rm -f ./*.deb
}

if has apt-get && has dpkg-deb && has timeout && archive apt-get update >>"$log"; then
	has prometheus && has promtool || unpacked prometheus || lacks "the archive did not give prometheus; see $log"
	unpacked libfaketime || lacks "the archive did not give libfaketime; see $log"
	if ! has docker-compose; then
		# shellcheck disable=SC2046 # as above
		if has /usr/bin/python3 && unpacked $(compose_packages); then
			cat >usr/bin/docker-compose <<-END
				#!/bin/sh
				PYTHONPATH=$folder/usr/lib/python3/dist-packages exec /usr/bin/python3 -m compose "\$@"
			END
		else
			lacks "the archive did not give docker-compose; see $log"
		fi
	fi
	find usr/bin -mindepth 1 ! -name prometheus ! -name promtool ! -name docker-compose -delete
	rm -rf apt ./*.deb usr/share var etc lib
else
	lacks "no package archive of Debian or Ubuntu here: install prometheus, promtool and docker-compose yourself"
fi

if has helm && has kubeconform; then
	:
elif ! has go; then
	lacks "no go on this machine: install helm and kubeconform yourself"
else
	GOBIN=$folder/usr/bin timeout "$BUILT_WITHIN_S" go install -ldflags "-s -w" "$KUBECONFORM" >>"$log" 2>&1 &&
		GOBIN=$folder/usr/bin timeout "$BUILT_WITHIN_S" go install -ldflags "-s -w" "$HELM" >>"$log" 2>&1 ||
		lacks "Go did not build helm and kubeconform; see $log"
fi

found=$(ls usr/bin | tr '\n' ' ')
[ -z "$found" ] || say "${found}are in $folder/usr/bin"
exit $code
