// SPDX-License-Identifier: MIT
//
// onnxruntime.mjs - the networks of build/bench/speed beside ONNX Runtime, in turns.
//
//   tests/onnxruntime/install.sh build/onnxruntime        (once: npm)
//   node benchmarks/peers/onnxruntime.mjs build/onnxruntime MODELS build/bench/speed [--rounds N] [--seconds S]
//        [--json FILE] [--svg FILE]
//
// MODELS holds the same networks as ONNX files, named as speed names them. Each round times both for S seconds, one after
// the other, so that a drifting machine hurts both alike; the ratio is the median over the rounds, its spread the middle
// half. ONNX Runtime is called from JavaScript, which costs it some 15 us a call: reported, not subtracted.
import {execFileSync} from "node:child_process";
import {existsSync, renameSync, writeFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join, resolve} from "node:path";

const [modules, models, speed, ...rest] = process.argv.slice(2);
if (!speed) {
    console.error("usage: onnxruntime.mjs MODULES MODELS SPEED [--rounds N] [--seconds S] [--json FILE] [--svg FILE]");
    process.exit(2);
}
const options = {"--rounds": "7", "--seconds": "0.3", "--json": "", "--svg": ""};
for (let i = 0; i < rest.length; i += 2) {
    if (!(rest[i] in options)) throw new Error(`unknown option ${rest[i]}`);
    options[rest[i]] = rest[i + 1];
}
const ort = createRequire(join(resolve(modules), "package.json"))("onnxruntime-node");

const quantile = (values, q) => {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
};

// Median microseconds of single runs for about the seconds asked for.
async function time(session, feeds) {
    await session.run(feeds);
    const times = [];
    const end = performance.now() + 1000 * Number(options["--seconds"]);
    while (performance.now() < end || times.length < 5) {
        const start = process.hrtime.bigint();
        await session.run(feeds);
        times.push(Number(process.hrtime.bigint() - start) / 1000);
    }
    return quantile(times, 0.5);
}

function timeOurs(model, batch, threads) {
    const out = execFileSync(speed, ["--model", model, "--phase", "inference", "--batch", String(batch), "--threads",
        String(threads), "--seconds", options["--seconds"]], {encoding: "utf8"});
    const line = out.match(/([0-9.]+) us +([0-9.]+) % of peak/);
    return {us: Number(line[1]), share: Number(line[2])};
}

const shapes = {
    resnet8: [3, 32, 32],
    resnet20: [3, 32, 32],
    resnet56: [3, 32, 32],
    dscnn: [1, 49, 10],
    mobilenet_v1_025_96: [3, 96, 96],
    ecg_cnn: [1, 187],
};
const rows = [];
console.log("median us a call; times faster than ONNX Runtime, with the middle half of the rounds");
for (const [model, shape] of Object.entries(shapes)) {
    const file = join(models, `${model}.onnx`);
    if (!existsSync(file)) {
        console.log(`${model}: skipped, there is no ${file}`);
        continue;
    }
    for (const [batch, threads] of [[1, 1], [1, 2], [64, 1], [64, 2]]) {
        const session = await ort.InferenceSession.create(file,
            {intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: "all"});
        const count = batch * shape.reduce((a, b) => a * b);
        const data = Float32Array.from({length: count}, (_, i) => Math.sin(i));
        const feeds = {[session.inputNames[0]]: new ort.Tensor("float32", data, [batch, ...shape])};
        const ratios = [], ours = [], theirs = [], shares = [];
        for (let round = 0; round < Number(options["--rounds"]); ++round) {
            const peer = await time(session, feeds);
            const own = timeOurs(model, batch, threads);
            theirs.push(peer);
            ours.push(own.us);
            shares.push(own.share);
            ratios.push(peer / own.us);
        }
        const row = {model, batch, threads, eenn_us: quantile(ours, 0.5), onnxruntime_us: quantile(theirs, 0.5),
            peak_percent: quantile(shares, 0.5), times_faster: quantile(ratios, 0.5),
            spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)]};
        rows.push(row);
        console.log(`${model.padEnd(20)} batch ${String(batch).padStart(2)}  threads ${threads}  ` +
            `eenn ${row.eenn_us.toFixed(1).padStart(9)} (${row.peak_percent.toFixed(0)} % of peak)  ` +
            `ONNX Runtime ${row.onnxruntime_us.toFixed(1).padStart(9)}  ` +
            `${row.times_faster.toFixed(2)} (${row.spread.map(x => x.toFixed(2)).join(" to ")})`);
        await session.release();
    }
}

function write(file, text) {
    writeFileSync(`${file}.part`, text);
    renameSync(`${file}.part`, file);
}
if (options["--json"]) {
    write(options["--json"], JSON.stringify({peer: `onnxruntime ${ort.env.versions?.node ?? ""}`.trim(), rows}, null, 2) + "\n");
}
if (options["--svg"]) {
    const most = Math.max(2, ...rows.map(r => r.spread[1]));
    const x = v => 230 + 420 * v / most;
    const bars = rows.map((r, i) => {
        const y = 40 + 22 * i;
        return `<text x="222" y="${y + 12}" text-anchor="end">${r.model}, batch ${r.batch}, ${r.threads} thread${r.threads > 1 ? "s" : ""}</text>` +
            `<rect x="230" y="${y}" width="${(x(r.times_faster) - 230).toFixed(1)}" height="15" fill="${r.times_faster >= 1 ? "#2b7a78" : "#b3541e"}"/>` +
            `<path d="M${x(r.spread[0]).toFixed(1)} ${y + 7.5}H${x(r.spread[1]).toFixed(1)}" stroke="currentColor"/>` +
            `<text x="${(x(r.spread[1]) + 6).toFixed(1)}" y="${y + 12}">${r.times_faster.toFixed(2)}</text>`;
    }).join("\n");
    const height = 60 + 22 * rows.length;
    write(options["--svg"], `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 ${height}" font-family="sans-serif" font-size="12" fill="currentColor">
<title>Times faster than ONNX Runtime</title>
<text x="230" y="24" font-weight="bold">times faster than ONNX Runtime (line: middle half of the rounds)</text>
<path d="M${x(1).toFixed(1)} 32V${height - 16}" stroke="currentColor" stroke-dasharray="3 3"/>
${bars}
</svg>
`);
}
