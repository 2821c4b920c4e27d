"use strict";
// A stand-in for Max: opens a patch of the package and lets its messages run. Commands and answers are lines of JSON.
// node max_host.js PACKAGE PATCH PORT LISTEN; the ports replace those of every ear.engine, as a user would type them.

const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { Thing, Sound, classes } = require("./max_objects");

const [root, first, port, listen] = process.argv.slice(2);
const FOLDERS = ["patchers", "extras", "examples", "help", "javascript"]; // where Max looks in a package

class Host {
    constructor() {
        Object.assign(this, { errors: [], log: [], globals: {}, tasks: [], buffers: {}, buses: new Map() });
    }
    find(name) {
        const found = FOLDERS.map((folder) => path.join(root, folder, name)).find((file) => fs.existsSync(file));
        if (!found) throw new Error(`${name} is in none of the package's folders`);
        return found;
    }
    has(name) {
        return FOLDERS.some((folder) => fs.existsSync(path.join(root, folder, `${name}.maxpat`)));
    }
    listen(name, thing) {
        this.buses.set(name, [...(this.buses.get(name) ?? []), thing]);
    }
    forget(name, thing) {
        this.buses.set(name, this.buses.get(name).filter((other) => other !== thing));
    }
    send(name, atoms) {
        for (const thing of this.buses.get(name) ?? []) thing.out(0, atoms);
    }
}

const read = (word) => (word !== "" && !isNaN(Number(word)) ? Number(word) : word);

class Patch extends Thing {
    set() {
        const name = this.box.file ?? this.box.name ?? `${this.words[0]}.maxpat`;
        const given = this.box.args ?? this.words.slice(1);
        const data = JSON.parse(fs.readFileSync(this.host.find(name), "utf8")).patcher;
        this.parts = new Map();
        this.named = new Map();
        const ports = { inlet: [], outlet: [] };
        for (const { box } of data.boxes) {
            const text = String(box.text ?? "").replace(/#(\d)/g, (_, place) => given[place - 1] ?? 0);
            const words = text.split(/\s+/).filter((word) => word).map(read);
            if (words[0] === "ear.engine") words.splice(1, 3, "127.0.0.1", Number(port), Number(listen));
            const part = this.make(box, words);
            this.parts.set(box.id, part);
            if (box.varname) this.named.set(box.varname, part);
            if (ports[box.maxclass]) ports[box.maxclass].push([box.patching_rect[0], part]);
        }
        for (const kind of ["inlet", "outlet"]) {
            ports[kind].sort((one, other) => one[0] - other[0]);
            this[kind] = ports[kind].map(([, part]) => part);
        }
        this.outlet.forEach((part, number) => (part.take = (_, atoms) => this.out(number, atoms)));
        const counts = [["numinlets", this.inlet], ["numoutlets", this.outlet]];
        for (const [key, list] of counts) {
            if (!this.box.file && this.box[key] !== list.length) throw new Error(`${name}: its box has other ${key}`);
        }
        for (const { patchline } of data.lines) {
            const [from, outlet] = patchline.source;
            const [to, inlet] = patchline.destination;
            this.parts.get(from).cords.push([outlet, this.parts.get(to), inlet]);
        }
    }
    make(box, words) {
        if (box.maxclass === "bpatcher") return new Patch(this.host, this, box, words);
        if (box.maxclass === "inlet" || box.maxclass === "outlet") return new Thing(this.host, this, box, words);
        const name = box.maxclass === "newobj" ? String(words[0]) : box.maxclass;
        if (classes[name]) return new classes[name](this.host, this, box, words);
        if (this.host.has(name)) return new Patch(this.host, this, box, words);
        if (!name.endsWith("~")) throw new Error(`there is no object ${name}`);
        return new Sound(this.host, this, box, words.length ? words : [name]);
    }
    take(inlet, atoms) {
        this.inlet[inlet].out(0, atoms);
    }
    load() {
        for (const part of this.parts.values()) part.load();
    }
    close() {
        for (const part of this.parts.values()) part.close();
    }
    at(names) {
        let here = this;
        for (const name of names) {
            here = here.named.get(name);
            if (!here) throw new Error(`nothing is called ${names.join(" > ")}`);
        }
        return here;
    }
    see() {
        return [...this.named.keys()];
    }
}

const host = new Host();
const patch = new Patch(host, null, { file: first }, [first]);
process.on("uncaughtException", (error) => host.errors.push(String(error.stack)));
patch.load();

const commands = {
    touch: (names, ...values) => patch.at(names).touch(...values),
    see: (names) => patch.at(names).see(),
    buffer: (name) => host.buffers[name]?.value ?? null,
    buffers: () => Object.keys(host.buffers).filter((name) => host.buffers[name].value),
    share: (name, key, value) => void (host.globals[name][key] = value),
    send: (name, ...atoms) => host.send(name, atoms),
    told: () => ({ errors: host.errors, log: host.log }),
    close: () => {
        patch.close();
        for (const task of host.tasks) task.cancel();
        setTimeout(() => process.exit(0), 200);
    },
};
readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const [name, ...rest] = JSON.parse(line);
    let answer;
    try {
        answer = { value: commands[name](...rest) ?? null };
    } catch (error) {
        answer = { error: String(error.stack) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
});
