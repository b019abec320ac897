# SPDX-License-Identifier: MIT
#
# check_models.py - the ONNX project's own checker, with strict shape inference, over what make_models wrote:
# `python3 check_models.py FOLDER`. Models of an opset that the installed onnx does not know are counted, not checked.
import pathlib
import sys

import onnx

newest = onnx.defs.onnx_opset_version()
good = faults = newer = 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    model = onnx.load(str(path))
    if model.opset_import[0].version > newest:
        newer += 1
        continue
    try:
        onnx.checker.check_model(model, full_check=True)
        good += 1
    except Exception as error:
        faults += 1
        print(f"FAIL {path.name}: {error}")
print(f"onnx.checker: {good} models are well formed, {faults} are not, {newer} are of opsets after {newest}")
sys.exit(0 if good > 0 and faults == 0 else 1)
