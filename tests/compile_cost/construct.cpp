// flags: -O2 -DEENN_COMPILED
// limit-allocated-mib: 335
// limit-mib: 340
// limit-types: 311000
// SPDX-License-Identifier: MIT
//
// A trained network gains exits: ONNX in, ONNX out. Kernels and flows are in eenn::compiled.
#include <eenn/construct/augment.hpp>
#include <eenn/core/threads.hpp>
#include <eenn/io/model_file.hpp>
#include <eenn/io/npy.hpp>
#include <eenn/io/onnx/export.hpp>
#include <eenn/io/onnx/import.hpp>

namespace {

using namespace eenn;

data_set read(const std::string& name, const model& of) {
    const auto pixels = io::read_npy(name + "_x.npy").to<float>();
    const auto labels = io::read_npy(name + "_y.npy").to<int>();
    const int classes = of.network.shape_of(of.network.here()).c;
    return make_data_set(of.network.input(), classes, pixels, {labels.begin(), labels.end()});
}

}  // namespace

int main() {
    const model trained = onnx::read("trained.onnx");
    const data_set train = read("train", trained);
    const data_set validation = read("validation", trained);
    const data_set test = read("test", trained);
    threads pool;
    const auto made = construct::augment(trained, {train, validation, test}, {}, pool);
    onnx::write("exits.onnx", made.model);
    io::write_model("exits.safetensors", made.model);
}
