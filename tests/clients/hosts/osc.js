"use strict";
// OSC messages of i, f and s, enough for the stand-in hosts; nothing of it comes from the engine's own codec.

function text(value) {
    const bytes = Buffer.from(String(value), "utf8");
    return Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}

exports.encode = function (address, values) {
    const tags = [","];
    const parts = [];
    for (const value of values) {
        const number = Buffer.alloc(4);
        if (typeof value === "string") {
            tags.push("s");
            parts.push(text(value));
        } else if (value && value.type === "f") {
            tags.push("f");
            number.writeFloatBE(value.value);
            parts.push(number);
        } else if (Number.isInteger(value)) {
            tags.push("i");
            number.writeInt32BE(value);
            parts.push(number);
        } else if (typeof value === "number") {
            tags.push("f");
            number.writeFloatBE(value);
            parts.push(number);
        } else {
            throw new Error(`cannot send ${JSON.stringify(value)} to ${address}`);
        }
    }
    return Buffer.concat([text(address), text(tags.join("")), ...parts]);
};

exports.decode = function (packet) {
    let at = 0;
    const word = () => {
        const end = packet.indexOf(0, at);
        const found = packet.toString("utf8", at, end);
        at = end + 4 - (end % 4);
        return found;
    };
    const address = word();
    if (address === "#bundle") throw new Error("the hosts ask for no bundles");
    const values = [];
    for (const tag of word().slice(1)) {
        if (tag === "i") values.push(packet.readInt32BE(at));
        else if (tag === "f") values.push(packet.readFloatBE(at));
        else if (tag === "s") {
            values.push(word());
            continue;
        } else throw new Error(`unexpected type ${tag} at ${address}`);
        at += 4;
    }
    return [address, values];
};
