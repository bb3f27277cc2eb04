#!/bin/sh
# What an image is made of: an environment with nothing in it but the locked dependencies and this project.
#
#   deploy/install.sh dependencies FOLDER     builds wheels of requirements.lock, each by its hash, into an environment
#   deploy/install.sh project FOLDER          adds the project in the working directory
#
# pip and the build tool come from requirements-dev.lock, by their hashes too. They and the wheels stay out of FOLDER/bin.
set -eu

what=$1
folder=$2
PYTHON=${PYTHON:-python3}
wheels=$folder.wheels
tools=$folder.tools
pip="$tools/bin/python -m pip --quiet --disable-pip-version-check --no-cache-dir"

case $what in
dependencies)
	"$PYTHON" -m venv "$tools"
	awk '/^[a-z]/ { wanted = /^(pip|setuptools)==/ } wanted' requirements-dev.lock >"$tools/build.lock"
	$pip install --require-hashes -r "$tools/build.lock"
	$pip wheel --no-build-isolation --require-hashes --wheel-dir "$wheels" -r requirements.lock
	"$PYTHON" -m venv --without-pip "$folder"
	;;
project)
	$pip wheel --no-build-isolation --no-deps --wheel-dir "$wheels" .
	;;
*)
	echo "install: dependencies or project, not $what" >&2
	exit 2
	;;
esac
# By name, not by path: pip would write down from which folder each of them came.
names=$(ls "$wheels" | awk -F - '{ print $1 "==" $2 }')
# shellcheck disable=SC2086 # a list of words
$pip --python "$folder/bin/python" install --no-index --no-deps --no-warn-script-location --find-links "$wheels" $names
rm -rf "$wheels"
