// SPDX-License-Identifier: MIT
//
// onnxruntime.mjs - the runner of ONNX Runtime; runner.hpp has the protocol.
//
//   node onnxruntime.mjs MODULES MODELS MODEL inference|training BATCH THREADS warm|cold
//
// MODULES is where install.sh put it, MODELS what write_models wrote. Called from JavaScript, which costs it some 15 us a
// call: reported, not subtracted.
import {existsSync, readFileSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join, resolve} from "node:path";
import {createInterface} from "node:readline";
import {isMainThread, Worker, workerData} from "node:worker_threads";

// 96 MB: more than any cache holds. A core has caches of its own, so each thread touches all of it.
function touch(memory) {
    let sum = 0;
    for (let i = 0; i < memory.length; i += 64) sum += memory[i];
    return sum;
}

// Touches whenever the number at turn[0] grows, and says so at turn[1].
function touchOnRequest({memory, turn}) {
    for (let seen = 0;; ++seen) {
        Atomics.wait(turn, 0, seen);
        touch(memory);
        Atomics.add(turn, 1, 1);
        Atomics.notify(turn, 1);
    }
}

function coldCaches(threads) {
    const memory = new Uint8Array(new SharedArrayBuffer(96e6)).fill(1);
    const turns = [];
    for (let t = 1; t < threads; ++t) {
        const turn = new Int32Array(new SharedArrayBuffer(8));
        new Worker(new URL(import.meta.url), {workerData: {memory, turn}}).unref();
        turns.push(turn);
    }
    return () => {
        for (const turn of turns) {
            Atomics.add(turn, 0, 1);
            Atomics.notify(turn, 0);
        }
        touch(memory);
        for (const turn of turns) {
            while (Atomics.load(turn, 1) !== turn[0]) Atomics.wait(turn, 1, turn[0] - 1);
        }
    };
}

const statusBytes = name => 1024 * Number(readFileSync("/proc/self/status", "utf8").match(`${name}:\\s+([0-9]+)`)[1]);
const floats = file => new Float32Array(new Uint8Array(readFileSync(file)).buffer);

async function serve() {
    const [modules, models, model, phase, batchText, threadsText, caches] = process.argv.slice(2);
    if (!caches) {
        console.error("usage: onnxruntime.mjs MODULES MODELS MODEL inference|training BATCH THREADS warm|cold");
        process.exit(2);
    }
    const [batch, threads] = [Number(batchText), Number(threadsText)];
    const file = join(models, `${model}.onnx`);
    const unsupported = phase !== "inference" ? "training" : !existsSync(file) ? `a network of the name ${model}` : "";
    if (unsupported) {
        console.log(`unsupported ${unsupported}`);
        return;
    }
    const require = createRequire(join(resolve(modules), "package.json"));
    const ort = require("onnxruntime-node");
    const flush = caches === "cold" ? coldCaches(threads) : () => {};

    writeFileSync("/proc/self/clear_refs", "5");  // the kernel forgets the peak so far
    const before = statusBytes("VmRSS");
    const session = await ort.InferenceSession.create(file,
        {intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: "all"});
    const [, ...shape] = session.inputMetadata[0].shape;
    const images = floats(join(models, `${model}.images`)).slice(0, batch * shape.reduce((a, b) => a * b));
    const feeds = {[session.inputNames[0]]: new ort.Tensor("float32", images, [batch, ...shape])};
    const logits = (await session.run(feeds))[session.outputNames.at(-1)].data;
    const expected = floats(join(models, `${model}.logits`)).slice(0, logits.length);
    const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const apart = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - logits[i])), 0);
    if (!(apart <= 1e-3 * largest)) throw new Error(`logits differ from ours by ${apart}, the largest is ${largest}`);
    console.log(`ready ONNX Runtime ${require("onnxruntime-node/package.json").version}`);

    for await (const line of createInterface({input: process.stdin})) {
        if (line === "memory") {
            console.log(statusBytes("VmHWM") - before);
            continue;
        }
        await session.run(feeds);
        const times = [];
        const end = performance.now() + 1000 * Number(line);
        while (performance.now() < end || times.length < 5) {
            flush();
            const start = process.hrtime.bigint();
            await session.run(feeds);
            times.push(Number(process.hrtime.bigint() - start) / 1000);
        }
        times.sort((a, b) => a - b);
        console.log(times[Math.floor(times.length / 2)].toFixed(3));
    }
    process.exit(0);
}

if (isMainThread) {
    await serve();
} else {
    touchOnRequest(workerData);
}
