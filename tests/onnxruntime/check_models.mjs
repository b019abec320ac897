// SPDX-License-Identifier: MIT
//
// check_models.mjs - runs what make_models wrote in ONNX Runtime and compares with what the library said:
// `node check_models.mjs FOLDER`, beside a node_modules/ with onnxruntime-node.
//
// Logits must agree to 1e-4, relative to the larger of 1 and their size. Label and exit must be the same, unless the
// confidence at the first exit where they part is within 1e-5 of its threshold.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ort from 'onnxruntime-node';

const folder = process.argv[2];
const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
const counts = { models: 0, runs: 0, logits: 0, near: 0, early: 0, late: 0, chained: 0, faults: 0 };
let worst = 0;

function fault(where, what) {
    if (++counts.faults <= 20) console.log(`FAIL ${where}: ${what}`);
}

async function load(name) {
    ++counts.models;
    return ort.InferenceSession.create(join(folder, name), { logSeverityLevel: 3 });
}

const float = (numbers, dims) => new ort.Tensor('float32', Float32Array.from(numbers, (v) => v ?? NaN), dims);

function compareLogits(where, got, wanted) {
    if (got.length !== wanted.length) return fault(where, `${got.length} logits, not ${wanted.length}`);
    wanted.forEach((value, c) => {
        ++counts.logits;
        if (value === null) {
            if (Number.isFinite(got[c])) fault(where, `logit ${c} is ${got[c]}, not NaN`);
            return;
        }
        const error = Math.abs(got[c] - value) / Math.max(1, Math.abs(value));
        worst = Math.max(worst, error);
        if (!(error <= 1e-4)) fault(where, `logit ${c} is ${got[c]}, not ${value}`);
    });
}

// What an early-exit model said, against infer().
function compareDecision(where, net, sample, said) {
    const [label, exit, confidence] = [said.label.data[0], said.exit.data[0], said.confidence.data[0]].map(Number);
    if (exit !== sample.exit) {
        const e = Math.min(exit, sample.exit);
        if (Math.abs(sample.confidence[e] - net.thresholds[e]) <= 1e-5) return void ++counts.near;
        return fault(where, `exit ${exit}, not ${sample.exit}`);
    }
    if (label !== sample.label) fault(where, `label ${label}, not ${sample.label}`);
    const wanted = sample.confidence[exit];
    if (wanted === null ? !Number.isNaN(confidence) : !(Math.abs(confidence - wanted) <= 1e-5)) {
        fault(where, `confidence ${confidence}, not ${wanted}`);
    }
    compareLogits(where, Array.from(said.logits.data), sample.logits[exit]);
    ++counts[exit + 1 < net.thresholds.length ? 'early' : 'late'];
}

// All samples as one batch, and all exits' logits.
async function checkPlain(net) {
    const session = await load(`${net.name}.plain.onnx`);
    const batch = net.samples.flatMap((sample) => sample.input);
    const made = await session.run({ input: float(batch, [net.samples.length, ...net.sample]) });
    ++counts.runs;
    net.thresholds.forEach((_, e) => {
        const last = e + 1 === net.thresholds.length;
        const logits = made[last ? 'logits' : `logits_${e}`];
        const classes = logits.dims[1];
        net.samples.forEach((sample, i) => {
            const row = Array.from(logits.data.slice(i * classes, (i + 1) * classes));
            compareLogits(`${net.name}, plain, sample ${i}, exit ${e}`, row, sample.logits[e]);
        });
    });
}

async function checkExits(net) {
    const session = await load(`${net.name}.exits.onnx`);
    for (const [i, sample] of net.samples.entries()) {
        ++counts.runs;
        const said = await session.run({ input: float(sample.input, [1, ...net.sample]) });
        compareDecision(`${net.name}, exits, sample ${i}`, net, sample, said);
    }
}

// One stage after another, until one is done; what a stage sends are the inputs of the next, by name.
async function checkStages(net) {
    const sessions = [];
    for (let k = 0; k < net.stages; ++k) sessions.push(await load(`${net.name}.stage_${k}.onnx`));
    for (const [i, sample] of net.samples.entries()) {
        const where = `${net.name}, stages, sample ${i}`;
        let given = { input: float(sample.input, [1, ...net.sample]) };
        for (const [k, session] of sessions.entries()) {
            ++counts.runs;
            if (k > 0) ++counts.chained;
            const made = await session.run(given);
            const carried = Object.entries(made).filter(([name]) => name.startsWith(`carry_${k}.`));
            const done = made.done !== undefined && made.done.data[0] !== 0;
            if (carried.some(([, value]) => value.dims[0] !== (done ? 0 : 1))) {
                fault(where, `stage ${k} sends ${done ? 'though it is done' : 'nothing'}`);
            }
            if (done) {
                compareDecision(where, net, sample, made);
                break;
            }
            if (k + 1 === net.stages) fault(where, 'no stage is done');
            given = Object.fromEntries(carried);
        }
    }
}

for (const net of cases) {
    for (const check of [checkPlain, checkExits, checkStages]) {
        try {
            await check(net);
        } catch (error) {
            fault(`${net.name}, ${check.name}`, error.message);
        }
    }
}

console.log(
    `${cases.length} networks, ${counts.models} models, ${counts.runs} runs in ONNX Runtime: ` +
        `${counts.early} samples left early and ${counts.late} at the end, ${counts.near} too near a threshold to tell, ` +
        `${counts.chained} passed on between stages; ${counts.logits} logits within ${worst.toExponential(1)}; ` +
        `${counts.faults} faults`,
);
if (cases.length === 0 || counts.early === 0 || counts.late === 0) fault('all', 'nothing was tested');
process.exit(counts.faults === 0 ? 0 : 1);
