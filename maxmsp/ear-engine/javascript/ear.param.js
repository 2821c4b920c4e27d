// One parameter: clips and sends what comes in, and hands out what the engine has.
// Argument: its address, /ear/dream/rate. Outlets: value, position 0..1, facts, messages for the engine.

inlets = 1;
outlets = 4;
autowatch = 0;
setinletassist(0, "value, norm 0..1, text …, default, bang asks the engine");
setoutletassist(0, "value");
setoutletassist(1, "position 0..1");
setoutletassist(2, "facts: label, unit, kind, range, shown, menu …");
setoutletassist(3, "to the engine");

var values = require("ear.values.js");
var address = String(jsarguments[1] || "");
var row = values.row(address);
var last; // value that was handed out last

function loadbang() {
    facts();
    if (row && row.kind !== "trigger") outlet(3, address);
}

// Everything that is known of the parameter, for things to touch.
function facts() {
    if (!row) {
        error("ear.param: there is no parameter " + address + "\n");
        return;
    }
    outlet(2, "label", values.label(row));
    outlet(2, "kind", row.kind);
    outlet(2, "unit", row.unit || "-");
    outlet(2, "hint", row.description);
    if (row.kind === "float" || row.kind === "int") outlet(2, "range", row.low, row.high);
    if (row.kind === "choice") {
        outlet(2, "menu", "clear");
        for (var index = 0; index < row.choices.length; index++) outlet(2, "menu", "append", row.choices[index]);
    }
}

function bang() {
    last = undefined; // whatever the answer is, it is handed out
    if (row && row.kind !== "trigger") outlet(3, address);
}

function msg_int(number) {
    set(number);
}

function msg_float(number) {
    set(number);
}

function norm(position) {
    if (!row || row.kind === "trigger") return;
    var value = values.denormalize(row, position);
    if (value !== undefined) set(value);
}

function text() {
    set(arrayfromargs(arguments).join(" "));
}

// The value that the engine starts with; "default" is a word of the language, so it comes by anything().
function anything() {
    var words = arrayfromargs(messagename, arguments);
    if (messagename === "default") {
        if (row && row.kind !== "trigger") set(row.preset);
    } else {
        set(words.join(" "));
    }
}

// What the engine says; also what another ear.param of this address has just sent.
function value() {
    var words = arrayfromargs(arguments);
    if (!row || !words.length) return;
    give(row.kind === "text" ? words.join(" ") : words[0]);
}

function set(raw) {
    if (!row) return;
    if (row.kind === "trigger") {
        if (Number(raw)) outlet(3, address, 1);
        return;
    }
    var checked = values.check(row, raw);
    if (checked === undefined) {
        error("ear.param: " + address + " does not take " + raw + "\n");
        return;
    }
    if (checked === last) return; // a dial that hands back what it was given
    outlet(3, address, checked);
    messnamed("ear.from", address, checked); // the engine does not tell us what we say ourselves
}

function give(checked) {
    if (checked === last) return;
    last = checked;
    outlet(2, "shown", values.shown(row, checked));
    outlet(1, values.normalize(row, checked));
    outlet(0, checked);
}
