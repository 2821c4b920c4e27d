// Subscribes one stream, again whenever the engine is found again. Arguments: address, rate in Hz, format, lead in beats.
// Outlets: to the engine; 1 if values come plain, 2 if a header comes first; how long the header is.

inlets = 1;
outlets = 3;
autowatch = 0;

var HEADERS = require("ear.table.js").headers; // first words of an address → numbers before the values
var address = String(jsarguments[1] || "");
var hertz = Number(jsarguments[2]) || 30;

function header() {
    for (var start in HEADERS) {
        if (HEADERS.hasOwnProperty(start) && address.indexOf(start) === 0) return HEADERS[start];
    }
    return 0;
}

function loadbang() {
    var numbers = header();
    outlet(2, numbers || 1);
    outlet(1, numbers ? 2 : 1);
    bang();
}

function bang() {
    if (address.indexOf("/ear/") !== 0) {
        error("ear.stream: needs an address, such as /ear/summary/mean\n");
        return;
    }
    outlet(0, "/ear/stream/subscribe", address, hertz, "list", 0, 30);
}

function rate(number) {
    hertz = Number(number) || 30;
    bang();
}

// Another ear.stream of this address asks again.
function notifydeleted() {
    outlet(0, "/ear/stream/unsubscribe", address);
    messnamed("ear.again", "bang");
}
