// Plays a running engine with osc.js over UDP: `node drive_udp.js OSC_PORT`. Prints one JSON object, or fails.
"use strict";
const osc = require("osc");

const port = new osc.UDPPort({
  localAddress: "127.0.0.1", localPort: 0,
  remoteAddress: "127.0.0.1", remotePort: Number(process.argv[2]),
  metadata: true,
});
const heard = [];
let look = () => {};

function waitFor(wanted, count = 1) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`nothing of what was waited for, only ${JSON.stringify(heard)}`)), 20000);
    look = () => {
      const found = heard.filter(wanted);
      if (found.length >= count) {
        clearTimeout(late);
        resolve(found);
      }
    };
    look();
  });
}

async function ask(address, ...args) {
  if (args.length) port.send({ address, args });
  heard.length = 0;
  port.send({ address, args: [] });
  return (await waitFor((message) => message.address === address))[0].args;
}

async function main() {
  port.open();
  await new Promise((resolve) => port.on("ready", resolve));
  port.on("error", (error) => { throw error; });
  port.on("message", (message) => { heard.push(message); look(); });

  const values = {
    rate: await ask("/ear/dream/rate", { type: "f", value: -30.1 }),
    wet: await ask("/ear/norm/playback/wet", { type: "d", value: 0.1 }),
    steps: await ask("/ear/optimizer/steps_per_loop", { type: "h", value: { high: 0, low: 12 } }),
    mute: await ask("/ear/playback/mute", { type: "T" }),
    fit: await ask("/ear/source/fit", { type: "s", value: "crop" }),
  };
  port.send({ // a bundle of two, meant for now
    timeTag: osc.timeTag(0),
    packets: [
      { address: "/ear/tone/low", args: [{ type: "i", value: -3 }] },
      { address: "/ear/tone/low", args: [] },
    ],
  });
  values.low = (await waitFor((message) => message.address === "/ear/tone/low"))[0].args;

  port.send({ address: "/ear/dream/rat", args: [] });
  const refusal = (await waitFor((message) => message.address === "/ear/fail"))[0].args;

  const subscribe = (pattern, format) => port.send({
    address: "/ear/stream/subscribe",
    args: [{ type: "s", value: pattern }, { type: "f", value: 60 }, { type: "s", value: format }],
  });
  subscribe("/ear/playhead", "list");
  subscribe("/ear/activation/scalogra?", "blob");
  subscribe("/ear/activation/scalogram", "list");
  const done = (await waitFor((message) => message.address === "/ear/done"))[0].args;
  const playheads = (await waitFor((message) => message.address === "/ear/playhead", 20)).map((message) => message.args);

  // the same frame in both formats
  const key = (message) => message.args.slice(0, 3).map((part) => part.value).join(" ");
  const isBlob = (message) => message.args[4].type === "s";
  const frames = new Map();
  const [first] = await waitFor((message) => {
    if (message.address !== "/ear/activation/scalogram") return false;
    const both = frames.get(key(message)) || {};
    both[isBlob(message) ? "blob" : "list"] = message.args;
    frames.set(key(message), both);
    return both.blob && both.list;
  });
  const { blob, list } = frames.get(key(first));
  const bytes = blob[6].value;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const floats = Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(4 * index));
  console.log(JSON.stringify({ values, refusal, done, playheads, blob: blob.slice(0, 6), list, floats }));
  port.close();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
