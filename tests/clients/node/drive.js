// Drives a running engine with oscquery and osc.js: `node drive.js HTTP_PORT`. Prints one JSON object, or fails.
"use strict";
const osc = require("osc");
const { OSCQueryDiscovery } = require("oscquery");

const port = Number(process.argv[2]);

function waitFor(socket, wanted) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("nothing of what was waited for")), 10000);
    socket.on("message", function hear(message) {
      if (wanted(message)) {
        clearTimeout(late);
        socket.removeListener("message", hear);
        resolve(message);
      }
    });
  });
}

async function main() {
  const service = await new OSCQueryDiscovery().queryNewService("127.0.0.1", port);
  const methods = service.flat().map((node) => node.full_path);
  const rate = service.resolvePath("/ear/dream/rate").serialize();
  const by = service.resolvePath("/ear/target/by").serialize();

  const socket = new osc.WebSocketPort({ url: `ws://127.0.0.1:${port}/`, metadata: false });
  socket.open();
  await new Promise((resolve) => socket.on("ready", resolve));
  socket.on("error", (error) => { throw error; });
  const say = (command, path) => socket.socket.send(JSON.stringify({ COMMAND: command, DATA: path }));

  let answer = waitFor(socket, (message) => message.address === "/ear/dream/rate");
  socket.send({ address: "/ear/dream/rate", args: [{ type: "f", value: -31.5 }] });
  socket.send({ address: "/ear/dream/rate", args: [] });
  const set = (await answer).args[0];

  answer = waitFor(socket, (message) => message.address === "/ear/playhead");
  say("LISTEN", "/ear/playhead");
  const playhead = (await answer).args;

  answer = waitFor(socket, (message) => message.address === "/ear/fail");
  socket.send({ address: "/ear/dream/rat", args: [1] });
  const refusal = (await answer).args[1];

  await service.update(); // what was set over the socket is seen over HTTP
  const seen = service.resolvePath("/ear/dream/rate").getValue(0);
  console.log(JSON.stringify({
    host: service.hostInfo,
    methods, rate, by, set, playhead, refusal, seen,
  }));
  socket.close();
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
