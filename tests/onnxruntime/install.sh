#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh WORK - puts ONNX Runtime into WORK with npm: the versions of package-lock.json, no scripts run.
set -eu
work=$1
mkdir -p "$work"
cd "$(dirname "$0")"
cp package.json package-lock.json .npmrc "$work/"
cd "$work"
npm ci --loglevel=error
