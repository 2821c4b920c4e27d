"use strict";
// Objects of Max as its reference describes them, as far as the package uses them. Sound is not computed: what is not
// here and ends in ~ only remembers what it was sent.

const childProcess = require("child_process");
const dgram = require("dgram");
const fs = require("fs");
const path = require("path");
const vm = require("vm");
const osc = require("./osc");

const isNumber = (atom) => typeof atom === "number";
const isBang = (atoms) => atoms.length === 0 || (atoms.length === 1 && atoms[0] === "bang");

class Thing {
    constructor(host, patch, box, words) {
        Object.assign(this, { host, patch, box, words, cords: [] });
        this.set();
    }
    set() {}
    load() {}
    close() {}
    out(outlet, atoms) {
        for (const [from, target, inlet] of this.cords) if (from === outlet) target.take(inlet, atoms);
    }
    take(inlet, atoms) {}
    see() {
        return null;
    }
}

const plain = (take) =>
    class extends Thing {
        take(inlet, atoms) {
            take.call(this, inlet, atoms);
        }
    };

// Message boxes and boxes that hold a value.
class Message extends Thing {
    take(inlet, atoms) {
        if (atoms[0] === "set") return void (this.words = atoms.slice(1));
        const filled = this.words.map((word) => {
            const place = /^\$(\d)$/.exec(word);
            return place ? atoms[place[1] - 1] ?? 0 : word;
        });
        this.out(0, filled);
    }
    touch() {
        this.take(0, []);
    }
}

class Number_ extends Thing {
    set() {
        this.value = 0;
    }
    take(inlet, atoms) {
        const set = atoms[0] === "set";
        const number = set ? atoms[1] : isBang(atoms) ? this.value : atoms[0];
        if (!isNumber(number)) throw new Error(`${this.box.maxclass} does not take ${atoms.join(" ")}`);
        this.value = number;
        if (!set) this.out(0, [number]);
    }
    touch(value) {
        this.take(0, [value]);
    }
    see() {
        return this.value;
    }
}

class Menu extends Thing {
    set() {
        this.items = [];
        this.chosen = -1;
    }
    take(inlet, atoms) {
        const [word, ...rest] = atoms;
        if (word === "clear") Object.assign(this, { items: [], chosen: -1 });
        else if (word === "append") this.items.push(rest.join(" "));
        else if (word === "setsymbol") this.chosen = this.items.indexOf(rest.join(" "));
        else throw new Error(`umenu does not take ${atoms.join(" ")}`);
    }
    touch(item) {
        this.chosen = this.items.indexOf(item);
        if (this.chosen < 0) throw new Error(`the menu has no ${item}, but ${this.items.join(", ")}`);
        this.out(1, item.split(" "));
        this.out(0, [this.chosen]);
    }
    see() {
        return { items: this.items, chosen: this.items[this.chosen] ?? null };
    }
}

class Note extends Thing {
    set() {
        this.value = "";
    }
    take(inlet, atoms) {
        if (atoms[0] !== "set") throw new Error(`${this.box.maxclass} does not take ${atoms.join(" ")}`);
        this.value = atoms.slice(1).join(" ");
    }
    touch(words) {
        this.value = words;
        this.out(0, ["text", ...words.split(" ")]);
    }
    see() {
        return this.value;
    }
}

class Button extends Thing {
    set() {
        this.value = this.box.text ?? "";
    }
    take(inlet, atoms) {
        if (atoms[0] === "text") this.value = atoms.slice(1).join(" ");
        else throw new Error(`textbutton does not take ${atoms.join(" ")}`);
    }
    touch() {
        this.out(0, ["bang"]);
    }
    see() {
        return this.value;
    }
}

class Pad extends Thing {
    set() {
        this.value = [0, 0];
    }
    take(inlet, atoms) {
        if (atoms[0] !== "set") throw new Error("the pad is only told where it is");
        this.value = atoms.slice(1);
    }
    touch(x, y) {
        this.value = [x, y];
        this.out(1, [y]);
        this.out(0, [x]);
    }
    see() {
        return this.value;
    }
}

class Bars extends Thing {
    take(inlet, atoms) {
        if (!atoms.every(isNumber)) throw new Error(`multislider does not take ${atoms.join(" ")}`);
        this.value = atoms;
        this.out(0, atoms);
    }
    see() {
        return this.value ?? [];
    }
}

class Script extends Thing {
    set() {
        const file = this.host.find(this.words[1]);
        const thing = this;
        const modules = {};
        const load = (name) => {
            const found = this.host.find(name.endsWith(".js") ? name : `${name}.js`);
            if (!modules[found]) {
                const exports = (modules[found] = {});
                vm.runInNewContext(fs.readFileSync(found, "utf8"), { exports, require: load }, { filename: found });
            }
            return modules[found];
        };
        this.scope = vm.createContext({
            jsarguments: this.words.slice(1),
            outlet: (number, ...atoms) => {
                if (number >= thing.box.numoutlets) throw new Error(`${file} has no outlet ${number}`);
                const flat = atoms.flat();
                thing.out(number, flat.length ? flat : ["bang"]);
            },
            messnamed: (name, ...atoms) => thing.host.send(name, atoms),
            arrayfromargs: (first, rest) =>
                typeof first === "object" ? Array.from(first) : [first, ...Array.from(rest)],
            post: (...words) => thing.host.log.push(words.join(" ").trim()),
            error: (...words) => thing.host.errors.push(words.join(" ").trim()),
            setinletassist() {},
            setoutletassist() {},
            require: load,
            Global: function (name) {
                return (thing.host.globals[name] ??= {});
            },
            Task: function (call, self) {
                thing.host.tasks.push(this);
                this.repeat = () => {
                    this.timer = setInterval(() => call.call(self), this.interval);
                };
                this.schedule = (delay) => (this.timer = setTimeout(() => call.call(self), delay));
                this.cancel = () => clearInterval(this.timer);
            },
            Date,
        });
        vm.runInContext(fs.readFileSync(file, "utf8"), this.scope, { filename: file });
        for (const [key, ports] of [["inlets", "numinlets"], ["outlets", "numoutlets"]]) {
            if (this.scope[key] !== this.box[ports]) throw new Error(`${file}: its box has other ${key}`);
        }
    }
    load() {
        if (this.scope.loadbang) this.scope.loadbang();
    }
    close() {
        if (this.scope.notifydeleted) this.scope.notifydeleted();
    }
    take(inlet, atoms) {
        let name = isBang(atoms) ? "bang" : atoms[0];
        let rest = atoms.slice(1);
        if (isNumber(name)) {
            rest = atoms;
            name = atoms.length > 1 ? "list" : Number.isInteger(name) && this.scope.msg_int ? "msg_int" : "msg_float";
        }
        this.scope.messagename = String(name);
        const call = typeof this.scope[name] === "function" ? this.scope[name] : this.scope.anything;
        if (!call) throw new Error(`${this.words[1]} does not know ${atoms.join(" ")}`);
        call.apply(this.scope, rest);
    }
}

class NodeScript extends Thing {
    take(inlet, atoms) {
        if (atoms[0] === "script" && atoms[1] === "start") {
            if (this.child) return;
            const environment = { ...process.env, NODE_PATH: path.join(__dirname, "modules") };
            this.child = childProcess.fork(this.host.find(this.words[1]), [], { env: environment });
            this.child.on("message", (said) => this.out(0, said));
        } else if (this.child) this.child.send(atoms);
    }
    close() {
        if (this.child) this.child.kill("SIGTERM");
    }
}

class Send extends Thing {
    set() {
        this.socket = dgram.createSocket("udp4");
        this.to = [this.words[1], this.words[2]];
    }
    take(inlet, atoms) {
        if (atoms[0] === "host") this.to[0] = atoms[1];
        else if (atoms[0] === "port") this.to[1] = atoms[1];
        else if (String(atoms[0]).startsWith("/")) {
            this.socket.send(osc.encode(atoms[0], atoms.slice(1)), this.to[1], this.to[0]);
        } else throw new Error(`udpsend does not take ${atoms.join(" ")}`);
    }
    close() {
        setTimeout(() => this.socket.close(), 100);
    }
}

class Listen extends Thing {
    take(inlet, atoms) {
        if (atoms[0] !== "port") throw new Error(`udpreceive does not take ${atoms.join(" ")}`);
        if (this.socket) this.socket.close();
        this.socket = dgram.createSocket("udp4");
        this.socket.on("message", (packet) => {
            const [address, values] = osc.decode(packet);
            this.out(0, [address, ...values]);
        });
        this.socket.bind(atoms[1], "127.0.0.1");
    }
    close() {
        if (this.socket) this.socket.close();
    }
}

class Buffer_ extends Thing {
    set() {
        this.host.buffers[this.words[1]] = this;
    }
    take(inlet, atoms) {
        if (atoms[0] !== "replace") throw new Error(`buffer~ does not take ${atoms.join(" ")}`);
        this.value = fs.readFileSync(atoms[1]).toString("base64"); // Max reads the file at once, and says so later
        setTimeout(() => this.out(1, ["bang"]), 5);
    }
}

class Gate extends Thing {
    set() {
        this.open = this.words[2] ?? 0;
    }
    take(inlet, atoms) {
        if (inlet === 0) this.open = atoms[0];
        else if (this.open > 0) this.out(this.open - 1, atoms);
    }
}

class Slice extends Thing {
    set() {
        this.count = this.words[1];
        this.most = this.words[this.words.indexOf("@zlmaxsize") + 1] || 256;
    }
    take(inlet, atoms) {
        if (inlet === 1) return void (this.count = atoms[0]);
        const list = atoms.slice(0, this.most);
        if (list.length > this.count) this.out(1, list.slice(this.count));
        this.out(0, list.slice(0, this.count));
    }
}

class Bus extends Thing {
    set() {
        if (this.words[0] === "r") this.host.listen(this.words[1], this);
    }
    take(inlet, atoms) {
        this.host.send(this.words[1], atoms);
    }
    close() {
        if (this.words[0] === "r") this.host.forget(this.words[1], this);
    }
}

class Pack extends Thing {
    set() {
        this.values = this.words.slice(1);
    }
    take(inlet, atoms) {
        if (!isBang(atoms)) this.values[inlet] = atoms[0];
        if (inlet === 0) this.out(0, this.values.slice());
    }
}

class Stored extends Thing {
    set() {
        this.value = this.words[1] ?? 0;
    }
    take(inlet, atoms) {
        if (!isBang(atoms)) this.value = this.words[0] === "i" ? Math.trunc(atoms[0]) : atoms[0];
        if (inlet === 0) this.out(0, [this.value]);
    }
}

class Expression extends Thing {
    set() {
        this.values = [0, 0];
        const code = this.words.slice(1).join(" ").replace(/abs/g, "Math.abs").replace(/\$f(\d)/g, "v[$1-1]");
        this.compute = new Function("v", `return Number(${code})`);
    }
    take(inlet, atoms) {
        if (!isBang(atoms)) this.values[inlet] = atoms[0];
        if (inlet === 0) this.out(0, [this.compute(this.values)]);
    }
}

class Sound extends Thing {
    take(inlet, atoms) {
        this.value = [inlet, ...atoms];
        if (this.words[0] === "snapshot~" && isBang(atoms)) this.out(0, [0]);
    }
    see() {
        return this.value ?? null;
    }
}

const arithmetic = { "/": (a, b) => a / b, "*": (a, b) => a * b, "!/": (a, b) => b / a };
const calculate = plain(function (inlet, atoms) {
    this.out(0, [arithmetic[this.words[0]](atoms[0], this.words[1])]);
});

const route = plain(function (inlet, atoms) {
    const place = this.words.slice(1).indexOf(atoms[0]);
    if (place < 0) this.out(this.words.length - 1, atoms);
    else this.out(place, atoms.length > 1 ? atoms.slice(1) : ["bang"]);
});

const select = plain(function (inlet, atoms) {
    const place = this.words.slice(1).indexOf(atoms[0]);
    if (place < 0) this.out(this.words.length - 1, atoms);
    else this.out(place, ["bang"]);
});

const prepend = plain(function (inlet, atoms) {
    this.out(0, [...this.words.slice(1), ...atoms]);
});

const unpack = plain(function (inlet, atoms) {
    for (let place = Math.min(atoms.length, this.words.length - 1) - 1; place >= 0; place--) this.out(place, [atoms[place]]);
});

const trigger = plain(function (inlet, atoms) {
    for (let place = this.words.length - 1; place > 0; place--) {
        const kind = this.words[place];
        this.out(place - 1, kind === "b" ? ["bang"] : kind === "i" ? [Math.trunc(atoms[0])] : [atoms[0]]);
    }
});

const print = plain(function (inlet, atoms) {
    this.host.log.push(`${this.words[1]}: ${atoms.join(" ")}`);
});

exports.Thing = Thing;
exports.classes = {
    message: Message, slider: Number_, toggle: Number_, led: Number_, flonum: Number_, umenu: Menu, comment: Note,
    textedit: Note, textbutton: Button, pictslider: Pad, multislider: Bars, js: Script, "node.script": NodeScript,
    udpsend: Send, udpreceive: Listen, "buffer~": Buffer_, gate: Gate, "zl.slice": Slice, s: Bus, r: Bus, pack: Pack,
    i: Stored, f: Stored, expr: Expression, route, sel: select, prepend, unpack, t: trigger, print,
    "/": calculate, "*": calculate, "!/": calculate,
};
exports.Sound = Sound;
