// Node for Max: starts and ends the engine, and fetches loops of one that is elsewhere.
// In: start PORT, stop, http HOST PORT, fetch ID. Out: started, ended CODE, said TEXT, fetched ID PATH (empty: failed).

const max = require("max-api");
const childProcess = require("child_process");
const fs = require("fs");
const http = require("http");
const os = require("os");
const path = require("path");

const MOST = 512 * 1024 * 1024; // bytes of a loop
let engine = null;
let server = null;
let waiting = []; // ids wanted before the server is known
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ear-engine-max-"));
const kept = [];

// `ear-engine clients install max` writes where the program is.
function program() {
    const note = path.join(__dirname, "..", "engine_path.txt");
    try {
        return fs.readFileSync(note, "utf8").trim() || "ear-engine";
    } catch (error) {
        return "ear-engine";
    }
}

max.addHandler("start", (port) => {
    if (engine) return max.outlet("started");
    const child = childProcess.spawn(program(), ["serve", "--osc-port", String(port || 9000)], {
        stdio: ["ignore", "ignore", "pipe"]
    });
    engine = child;
    let last = "";
    child.stderr.on("data", (data) => {
        const lines = String(data).split(/[\r\n]+/).filter((line) => line.trim());
        if (lines.length) last = lines[lines.length - 1].trim();
    });
    child.on("spawn", () => max.outlet("started"));
    child.on("error", (error) => {
        engine = null;
        max.outlet("said", `ear-engine cannot be started (${error.code}); install it, then: ear-engine clients install max`);
        max.outlet("ended", -1);
    });
    child.on("exit", (code) => {
        engine = null;
        if (code) max.outlet("said", last || `ear-engine ended with ${code}`);
        max.outlet("ended", code === null ? -1 : code);
    });
});

// It has been asked over OSC already; one that is still starting does not hear that.
max.addHandler("stop", () => {
    const child = engine;
    setTimeout(() => {
        if (child && child === engine) child.kill("SIGINT");
    }, 5000);
});

max.addHandler("http", (host, port) => {
    server = { host: String(host), port: Number(port) };
    const ids = waiting;
    waiting = [];
    ids.forEach(fetchLoop);
});

max.addHandler("fetch", (id) => {
    if (server) fetchLoop(id);
    else waiting = [id];
});

function fetchLoop(id) {
    const number = Math.floor(Number(id));
    const failed = (why) => {
        max.outlet("said", `loop ${number} cannot be fetched: ${why}`);
        max.outlet("fetched", number, "");
    };
    if (!(number >= 0)) return failed("it has no number");
    const request = http.get({ ...server, path: `/loops/${number}.wav`, timeout: 10000 }, (answer) => {
        if (answer.statusCode !== 200) {
            answer.resume();
            return failed(`the engine answers ${answer.statusCode}`);
        }
        const parts = [];
        let size = 0;
        answer.on("data", (part) => {
            size += part.length;
            if (size > MOST) request.destroy(new Error("it is too long"));
            else parts.push(part);
        });
        answer.on("end", () => {
            const file = path.join(folder, `loop-${number}-${Date.now()}.wav`);
            fs.writeFileSync(file, Buffer.concat(parts));
            kept.push(file);
            while (kept.length > 4) fs.rmSync(kept.shift(), { force: true });
            max.outlet("fetched", number, file.split(path.sep).join("/"));
        });
    });
    request.on("timeout", () => request.destroy(new Error("it took too long")));
    request.on("error", (error) => failed(error.message));
}

// The engine ends with Max, its recording whole.
function leave() {
    if (engine) engine.kill("SIGINT");
    fs.rmSync(folder, { recursive: true, force: true });
}
process.on("exit", leave);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
