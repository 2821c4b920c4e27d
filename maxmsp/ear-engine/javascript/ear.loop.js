// Each new loop into one of two buffers by turns, so that what sounds is never overwritten.
// Argument: name; the buffers are NAME.a and NAME.b. Outlets: buffer a, buffer b, to ear.engine, ready.

inlets = 1;
outlets = 4;
autowatch = 0;

var shared = new Global("ear.engine");
var name = String(jsarguments[1] || "ear");
var turn = 0;
var coming = null; // the loop that is being read
var waiting = null; // the newest one that has been announced meanwhile

// From /ear/loop: id, path, seconds, rate, beats, tempo.
function list() {
    var words = arrayfromargs(arguments);
    waiting = { id: words[0], path: words[1], seconds: words[2], rate: words[3], beats: words[4], tempo: words[5] };
    if (!coming) next();
}

function next() {
    if (!waiting) return;
    coming = waiting;
    waiting = null;
    if (shared.local === 0) outlet(2, coming.id);
    else read(coming.path);
}

// From ear.engine: a loop that was fetched over HTTP; an empty path is one that could not be.
function fetched(id, path) {
    if (!coming || Number(id) !== Number(coming.id)) return;
    if (path) read(path);
    else drop();
}

function read(path) {
    coming.buffer = name + (turn ? ".b" : ".a");
    outlet(turn, "replace", path);
}

function drop() {
    coming = null;
    next();
}

// A buffer has been read.
function done() {
    if (!coming || !coming.buffer) return;
    var loop = coming;
    turn = 1 - turn;
    coming = null;
    outlet(3, "loop", loop.id, loop.seconds, loop.rate, loop.beats, loop.tempo);
    outlet(3, "buffer", loop.buffer);
    next();
}
