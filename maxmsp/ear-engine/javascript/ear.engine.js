// Finds the engine and keeps in touch: asks for every parameter's changes, renews leases, notices when it is gone.
// Arguments: host, port, port that Max listens at. Outlets: to udpsend, to udpreceive, state, to ear.node.js.

inlets = 1;
outlets = 4;
autowatch = 0;
setinletassist(0, "start, stop, host NAME, port N, listen N, bang greets again");
setoutletassist(2, "state 0 or 1, engine NAME VERSION, fail ADDRESS CODE TEXT, program …");

var PATTERNS = require("ear.table.js").patterns; // of all parameters
var values = require("ear.values.js");
var shared = new Global("ear.engine"); // ear.loop reads it
var place = {
    host: isWord(jsarguments[1]) ? String(jsarguments[1]) : "127.0.0.1",
    port: Number(jsarguments[2]) || 9000,
    listen: Number(jsarguments[3]) || 7400
};
var engine = "";
var heard = 0;
var refused = {}; // addresses, lately
var correction = new Task(correct, this);
var clock = new Task(turn, this);
clock.interval = 2000;

function isWord(argument) {
    return typeof argument === "string" && argument !== "" && argument.charAt(0) !== "#" && argument !== "0";
}

function loadbang() {
    connect();
    clock.repeat();
}

function notifydeleted() {
    clock.cancel();
    correction.cancel();
    outlet(0, "/ear/stream/unsubscribe");
}

function connect() {
    shared.local = place.host === "127.0.0.1" || place.host === "localhost" ? 1 : 0;
    outlet(1, "port", place.listen);
    outlet(0, "host", place.host);
    outlet(0, "port", place.port);
    engine = "";
    outlet(2, "state", 0);
    turn();
}

// Max sends from one port and listens at another, so even the answer to a ping needs to be told where to go.
function turn() {
    outlet(0, "/ear/system/reply_port", place.listen);
    outlet(0, "/ear/system/ping", 1);
    if (engine && Date.now() - heard > 6500) {
        engine = "";
        outlet(2, "state", 0);
    }
}

function bang() {
    greet();
}

// Subscriptions and answers go to our port; parameters come at once, then as they change.
function greet() {
    for (var index = 0; index < PATTERNS.length; index++) {
        outlet(0, "/ear/stream/subscribe", PATTERNS[index], 30, "list", 0, 30);
    }
    outlet(0, "/ear/system/status");
    messnamed("ear.again", "bang"); // ear.stream and ear.list ask again
}

function pong(id, version) {
    heard = Date.now();
    if (String(id) === engine) return;
    engine = String(id);
    outlet(2, "engine", engine, String(version));
    outlet(2, "state", 1);
    greet();
}

function status() {
    var words = arrayfromargs(arguments);
    for (var index = 0; index + 1 < words.length; index += 2) {
        if (words[index] === "http_port") outlet(3, "http", place.host, words[index + 1]);
    }
}

// A preset has changed much at once, and nobody is told what he has done himself.
function done(address) {
    if (address === "/ear/preset/recall") greet();
}

function fail(address, code, text) {
    post("ear-engine: " + text + "\n");
    outlet(2, "fail", address, code, text);
    var row = values.row(address);
    if (!row || row.kind === "trigger") return;
    refused[address] = true;
    correction.cancel();
    correction.schedule(250); // when the hand rests: an answer on its way would undo what is turned meanwhile
}

// What was refused is not what there is.
function correct() {
    for (var address in refused) outlet(0, address);
    refused = {};
}

function host(name) {
    place.host = String(name);
    connect();
}

function port(number) {
    place.port = Number(number);
    connect();
}

function listen(number) {
    place.listen = Number(number);
    connect();
}

function start() {
    outlet(3, "script", "start");
    outlet(3, "start", place.port);
}

function stop() {
    outlet(0, "/ear/system/quit");
    outlet(3, "stop");
}

// A remote loop is wanted as a file.
function fetch(id) {
    outlet(3, "script", "start");
    outlet(0, "/ear/system/status"); // ear.node.js learns the port anew
    outlet(3, "fetch", id);
}

// What ear.node.js says.
function node(word) {
    var words = arrayfromargs(arguments);
    if (word === "fetched") messnamed("ear.fetched", "fetched", words[1], words[2]);
    else outlet.apply(this, [2, "program"].concat(words));
}
