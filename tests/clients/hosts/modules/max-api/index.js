"use strict";
// What Node for Max gives scripts, over the channel of child_process.fork; as https://docs.cycling74.com/nodeformax/api.
const handlers = new Map();
exports.addHandler = (name, call) => handlers.set(name, call);
exports.outlet = (...atoms) => new Promise((done) => process.send(atoms, done));
exports.post = (...words) => console.error(...words);
process.on("message", ([name, ...rest]) => {
    const call = handlers.get(name);
    if (call) call(...rest);
    else console.error(`no handler for ${name}`);
});
process.on("disconnect", () => process.exit(0));
