// What values of parameters are: ranges, 0..1 positions, and how they are written. From ear.table.js, which is generated.
// For js (Max 8 and later): require("ear.values.js").

var table = require("ear.table.js");

// The row of an address or name, or null.
exports.row = function (address) {
    var name = String(address).replace(/^\/ear\//, "");
    return table.parameters.hasOwnProperty(name) ? table.parameters[name] : null;
};

function isNumber(row) {
    return row.kind === "float" || row.kind === "int";
}

// A value as the engine will take it: clipped, whole if it has to be; undefined if it is none.
exports.check = function (row, raw) {
    if (row.kind === "text") return String(raw);
    if (row.kind === "choice") {
        if (typeof raw === "number") return row.choices[Math.max(0, Math.min(row.choices.length - 1, Math.floor(raw)))];
        return row.choices.indexOf(String(raw)) < 0 ? undefined : String(raw);
    }
    var number = Number(raw);
    if (!isFinite(number)) return undefined;
    if (!isNumber(row)) return number ? 1 : 0;
    if (!(row.zero !== null && number === row.zero)) number = Math.max(row.low, Math.min(row.high, number));
    return row.kind === "int" ? Math.round(number) : number;
};

// Position 0..1 of a value; 0 for texts.
exports.normalize = function (row, value) {
    if (row.kind === "text") return 0;
    if (row.kind === "choice") return Math.max(0, row.choices.indexOf(String(value))) / Math.max(1, row.choices.length - 1);
    if (!isNumber(row)) return Number(value) ? 1 : 0;
    var number = Math.max(row.low, Math.min(row.high, Number(value)));
    if (row.log) return Math.log(number / row.low) / Math.log(row.high / row.low);
    return (number - row.low) / (row.high - row.low);
};

// Value at a position 0..1; undefined for texts.
exports.denormalize = function (row, position) {
    var share = Math.max(0, Math.min(1, Number(position)));
    if (row.kind === "text" || isNaN(share)) return undefined;
    if (row.kind === "choice") return row.choices[Math.floor(share * (row.choices.length - 1) + 0.5)];
    if (!isNumber(row)) return share >= 0.5 ? 1 : 0;
    var number = row.log ? row.low * Math.pow(row.high / row.low, share) : row.low + share * (row.high - row.low);
    return row.kind === "int" ? Math.round(number) : number;
};

// What stands beside a fader: "-18.0 dB", "minor", "on".
exports.shown = function (row, value) {
    if (row.kind === "text") return String(value);
    if (row.kind === "choice") return String(value).replace(/_/g, " ");
    if (!isNumber(row)) return Number(value) ? "on" : "off";
    if (row.zero !== null && Number(value) === row.zero) return "off";
    var size = Math.abs(Number(value));
    var digits = row.kind === "int" || size >= 100 ? 0 : size >= 10 ? 1 : 2;
    var scaled = Math.floor(size * Math.pow(10, digits) + 0.5);
    var text = (value < 0 && scaled > 0 ? "-" : "") + (scaled / Math.pow(10, digits)).toFixed(digits);
    return row.unit ? text + " " + row.unit : text;
};

// Name for people, without its group.
exports.label = function (row) {
    return row.name.split("/")[1].replace(/_/g, " ");
};
