#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh BUILD - the libraries that build/bench/compare measures: Debian's packages, and ONNX Runtime by npm into
# BUILD/onnxruntime. Configure and build the target `peers` afterwards.
set -eu
build=$1
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
$sudo apt-get -qq update
$sudo apt-get -qq install -y --no-install-recommends libxnnpack-dev libpthreadpool-dev libdnnl-dev libtorch-dev libprotozero-dev
# A machine's own Node.js may rule Debian's npm out.
command -v npm > /dev/null || $sudo apt-get -qq install -y --no-install-recommends nodejs npm
"$(dirname "$0")/../../tests/onnxruntime/install.sh" "$build/onnxruntime"
