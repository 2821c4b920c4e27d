// Asks for a list (/ear/layers/list, /ear/preset/list, /ear/clips/list), one message a name, and fills a menu.
// Argument: the address. Outlets: to the engine, to a umenu, bang when it is filled.

inlets = 1;
outlets = 3;
autowatch = 0;

var address = String(jsarguments[1] || "/ear/layers/list");
var names = [];
var later = new Task(bang, this);

function bang() {
    outlet(0, address);
}

function notifydeleted() {
    later.cancel();
}

function loadbang() {
    bang();
}

function list() {
    var words = arrayfromargs(arguments);
    if (!words[1]) return void later.schedule(2000); // not known yet
    if (words[0] === 0) names = [];
    names[words[0]] = words[2];
    if (names.length < words[1]) return;
    for (var index = 0; index < names.length; index++) if (names[index] === undefined) return;
    outlet(1, "clear");
    for (index = 0; index < names.length; index++) outlet(1, "append", names[index]);
    outlet(2, "bang");
}
