"use strict";
// A stand-in for Open Stage Control: loads a session, sends and receives as its manual describes, runs its scripts.
// node open_stage_control_host.js SESSION PORT; commands and answers are lines of JSON: touch, see, errors, close.
// As in the program, scripts may only send if what called them was a person, or the widget's own creation and timers.

const dgram = require("dgram");
const fs = require("fs");
const readline = require("readline");
const osc = require("./osc");

const [file, port] = process.argv.slice(2);
const socket = dgram.createSocket("udp4");
const session = JSON.parse(fs.readFileSync(file, "utf8"));
const errors = [];
const globals = {};
const widgets = new Map();
const timers = [];

function send(address, ...values) {
    const typed = values.map((v) => (typeof v === "number" ? { type: "f", value: v } : v && v.type === "i" ? v.value : v));
    socket.send(osc.encode(address, typed), Number(port), "127.0.0.1");
}

class Widget {
    constructor(properties) {
        this.p = properties;
        this.address = properties.address ?? `/${properties.id}`;
        this.value = properties.default ?? "";
        this.locals = {};
        this.variables = {};
        this.scripts = Object.fromEntries(["onCreate", "onValue"].map((key) => [key, this.compile(properties[key])]));
        widgets.set(properties.id, this);
    }
    compile(code) {
        if (!code) return null;
        const names = ["value", "send", "set", "get", "setVar", "setInterval", "globals", "locals"];
        return new Function(...names, `"use strict";${code}`);
    }
    run(key, value, options) {
        if (!this.scripts[key]) return;
        const tools = [
            (...words) => options.send && send(...words),
            (id, next, more = {}) => find(id).set(next, { ...options, ...(more.send === false ? { send: false } : {}) }),
            (id) => structuredClone(find(id).value),
            (id, name, next) => (find(id).variables[name] = next),
            (name, call, delay) => timers.push(setInterval(call, delay)),
        ];
        try {
            this.scripts[key](value, ...tools, globals, this.locals);
        } catch (error) {
            errors.push(`${this.p.id} ${key}: ${error.stack}`);
        }
    }
    choices() {
        const values = this.p.values;
        const variable = /^VAR\{(\w+)\}$/.exec(values);
        return variable ? this.variables[variable[1]] ?? [] : values;
    }
    set(value, options) {
        if (this.p.type === "dropdown") value = this.choices().includes(value) ? value : undefined;
        if (this.p.type === "button" && value !== (this.p.on ?? 1) && value !== (this.p.off ?? 0)) return;
        if (this.p.type === "xy" && !(Array.isArray(value) && value.length === 2)) return;
        this.value = value;
        if (options.send && !this.p.bypass && this.p.type !== "text") this.sendValue();
        this.run("onValue", value, options);
    }
    sendValue() {
        const tags = this.p.typeTags ?? "";
        const values = [this.value].flat().map((v) => {
            if (typeof v !== "number") return v;
            return tags === "i" ? v : { type: "f", value: Number(v.toFixed(this.p.decimals ?? 2)) };
        });
        socket.send(osc.encode(this.address, values), Number(port), "127.0.0.1");
    }
}

function find(id) {
    const widget = widgets.get(id);
    if (!widget) throw new Error(`there is no widget ${id}`);
    return widget;
}

socket.on("message", (packet) => {
    const [address, values] = osc.decode(packet);
    const value = values.length === 1 ? values[0] : values;
    for (const widget of widgets.values()) if (widget.address === address) widget.set(value, { send: false });
});
socket.bind(0, "127.0.0.1", () => {
    for (const properties of session.content.widgets) new Widget(properties);
    new Widget(session.content).run("onCreate", "", { send: true });
});

const commands = {
    touch: (id, value) => find(id).set(value, { send: true }),
    see: (id) => (find(id).p.type === "dropdown" ? { choices: find(id).choices(), value: find(id).value } : find(id).value),
    errors: () => errors,
    close: () => {
        timers.forEach(clearInterval);
        setTimeout(() => process.exit(0), 100);
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
