import { execInPod, type LabState } from "../../lib/lab/index.js";
import { untilInShell } from "../fixtures/patience.js";

/** Servers of the far pods: pages on 8080, UDP echo and bare connections on 8090, 5 MB on 8091. */
const SERVERS = `
const { createServer } = require("node:net");
const { createServer: createHttp } = require("node:http");
const { createSocket } = require("node:dgram");
const echo = createSocket("udp4", (message, from) => echo.send(message, from.port, from.address));
echo.bind(8090);
createServer((socket) => { socket.on("error", () => {}); socket.resume(); socket.on("end", () => socket.end()); }).listen(8090);
const big = Buffer.alloc(5_000_000, "x");
createHttp((request, response) => response.end(big)).listen(8091);
const pages = createHttp((request, response) => response.end("x".repeat(3000)));
pages.on("error", () => {});
pages.listen(8080);
`;
const START = 'setsid node -e "$1" </dev/null >/dev/null 2>&1 &';
/** Its last server listens on 8080. */
const READY = untilInShell("ss -Hltn | grep -q ':8091 ' && ss -Hltn | grep -q ':8080 '");

/** They live as long as the lab. */
export async function startServers(lab: LabState): Promise<void> {
  for (const pod of ["shop/web", "shop/dns"]) {
    await must(lab, pod, ["sh", "-c", START, "start", SERVERS]);
    await must(lab, pod, ["sh", "-c", READY]);
  }
}

async function must(lab: LabState, pod: string, argv: readonly string[]): Promise<void> {
  const result = await execInPod(lab, pod, argv);
  if (result.exitCode !== 0) throw new Error(`${argv.slice(0, 3).join(" ")} in ${pod}: ${result.stderr}`);
}
