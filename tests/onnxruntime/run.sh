#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh MAKE_MODELS WORK - writes models with the program MAKE_MODELS and runs them in ONNX Runtime, which install.sh has
# put into WORK. Where python3-onnx is installed, its checker reads them too. Exit status 77 is a skip.
set -eu
make_models=$1
work=$2
source=$(dirname "$0")
if ! command -v node > /dev/null; then
    echo "SKIP: there is no node to run ONNX Runtime in"
    exit 77
fi
if [ ! -d "$work/node_modules/onnxruntime-node" ]; then
    echo "SKIP: onnxruntime-node is not installed (tests/onnxruntime/install.sh $work installs it)"
    exit 77
fi
models=$work/models
rm -rf "$models"
"$make_models" "$models"
cp "$source/check_models.mjs" "$work/"  # node looks for modules beside the script
node "$work/check_models.mjs" "$models"
python=/usr/bin/python3  # the one that the package python3-onnx belongs to
# `import onnx` alone also finds the folder that libonnx-testdata has under that name.
if "$python" -c "import onnx.checker" 2> /dev/null; then
    "$python" "$source/check_models.py" "$models"
else
    echo "onnx.checker has not read them: $python has no onnx"
fi
rm -rf "$models"
