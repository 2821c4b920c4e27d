// Layers differ in how far they go; this shows each against the most it did lately.
// In: a list. Out: a list 0..1.

inlets = 1;
outlets = 1;
autowatch = 0;

var most = [];

function bang() { // a list of nothing: the ear is still loading
}

function msg_float(number) {
    list(number);
}

function list() {
    var numbers = arrayfromargs(arguments);
    var shares = [];
    for (var index = 0; index < numbers.length; index++) {
        var size = Math.max(0, numbers[index]);
        most[index] = Math.max(size, (most[index] || 0) * 0.999, 1e-6);
        shares.push(size / most[index]);
    }
    outlet(0, shares);
}
