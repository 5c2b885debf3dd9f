import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { run, start } from "./world.js";

/** What pods run: one program of Node with all servers, and dnsmasq; and what asks them. */

/**
 * 8080: HTTP: /N answers with N bytes, /status/N with that status, /never never; 8443: TLS; 8090: UDP echo, TCP that closes
 * after its client; 9514: UDP that is taken and not answered; 8099: it reads nothing; 8098: it resets whoever says something.
 */
const SERVERS = `
const { createServer } = require("node:net");
const { createServer: createHttp } = require("node:http");
const { createServer: createTls } = require("node:tls");
const { createSocket } = require("node:dgram");
const kind = process.argv[1].includes(":") ? "udp6" : "udp4";
const echo = createSocket(kind, (message, from) => echo.send(message, from.port, from.address));
echo.bind(8090);
createSocket(kind, () => {}).bind(9514);
const quiet = (socket) => socket.on("error", () => {});
createServer((socket) => { quiet(socket).resume(); socket.on("end", () => socket.end()); }).listen(8090);
createServer((socket) => { quiet(socket).pause(); }).listen(8099);
createServer((socket) => { quiet(socket).on("data", () => socket.resetAndDestroy()); }).listen(8098);
createHttp((request, response) => {
  const [, first, second] = request.url.split("/");
  if (first === "never") return;
  response.statusCode = first === "status" ? Number(second) : 200;
  response.end("x".repeat(first === "status" ? 20 : Number(first) || 100));
}).listen(8080);
createTls({ key: process.argv[2], cert: process.argv[3] }, (socket) => { quiet(socket).on("data", () => socket.end("ok")); }).listen(8443);
`;

const NAME = "web.shop.svc.cluster.local";

let pair: readonly [string, string] | null = null;

function keyPair(): readonly [string, string] {
  if (pair !== null) return pair;
  // A program's output is a socket here, which cannot be opened by its name; a pipe can.
  const made = run(
    "fab",
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/stdout -days 3650 -subj /CN=${NAME} 2>/dev/null | cat`,
  );
  const at = made.indexOf("-----BEGIN CERTIFICATE");
  return (pair = [made.slice(0, at), made.slice(at)]);
}

export function startServers(pod: string, address: string): readonly ChildProcess[] {
  return [
    start(pod, ["node", "-e", SERVERS, address, ...keyPair()]),
    start(pod, [
      ...["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root", "--pid-file"],
      ...["--local=/cluster.local/", "--log-facility=/dev/null", `--address=/${NAME}/${address}`],
    ]),
  ];
}

export async function waitForServers(pod: string): Promise<void> {
  const until = performance.now() + 20_000;
  for (const port of [8443, 53])
    while (run(pod, `ss -Hltn 'sport = :${port}'`) === "") {
      if (performance.now() > until) throw new Error(`${pod}: nothing listens on ${port}`);
      await sleep(20);
    }
}

export async function stop(processes: readonly ChildProcess[]): Promise<void> {
  for (const one of processes) {
    const isOver = one.exitCode !== null || one.signalCode !== null;
    const closed = isOver ? null : once(one, "close");
    one.kill("SIGKILL");
    await closed;
  }
}

const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);

export const ping = (address: string, count = 2, more = ""): string =>
  `ping -n -c ${count} -i 0.1 -W 1 ${more} ${address} || true`;

export const http = (address: string, path = "/100", more = ""): string =>
  `curl -s -g -o /dev/null -m 4 ${more} http://${bracketed(address)}:8080${path} || true`;

/** By a port of a Service. */
export const httpAt = (address: string, port: number, path = "/100", more = ""): string =>
  `curl -s -g -o /dev/null -m 4 ${more} http://${bracketed(address)}:${port}${path} || true`;

export const tls = (address: string, more = ""): string =>
  `curl -s -k -g -o /dev/null -m 3 ${more} --resolve ${NAME}:8443:${bracketed(address)} https://${NAME}:8443/ || true`;

export const dig = (
  address: string,
  { name = NAME, family = 4, more = "" }: { name?: string; family?: 4 | 6; more?: string } = {},
): string => `dig +tries=2 +time=1 ${more} @${address} ${name} ${family === 4 ? "A" : "AAAA"} || true`;

/** Datagrams, 50 ms apart; waits a moment for answers. */
export const udp = (address: string, port: number, { count = 3, bytes = 40 } = {}): string =>
  `node -e '${UDP}' ${address} ${port} ${count} ${bytes}`;

const UDP = `
const [, address, port, count, bytes] = process.argv;
const socket = require("node:dgram").createSocket(address.includes(":") ? "udp6" : "udp4");
socket.on("error", () => {});
let sent = 0;
const next = () => {
  if (sent >= Number(count)) return setTimeout(() => socket.close(), 200);
  sent += 1;
  socket.send(Buffer.alloc(Number(bytes), sent), Number(port), address, () => setTimeout(next, 50));
};
next();
`;

/** Connections one after the other, each closed at once; a time limit each. */
export const connect = (address: string, port: number, { count = 2, waitMs = 1500 } = {}): string =>
  `node -e '${CONNECT}' ${address} ${port} ${count} ${waitMs}`;

const CONNECT = `
const [, host, port, count, waitMs] = process.argv;
let made = 0;
const next = () => {
  if (made >= Number(count)) return;
  made += 1;
  const socket = require("node:net").connect({ host, port: Number(port) });
  const timer = setTimeout(() => socket.destroy(), Number(waitMs));
  socket.on("error", () => {}).on("connect", () => socket.end()).on("close", () => { clearTimeout(timer); setTimeout(next, 30); }).resume();
};
next();
`;

/** Sends much to who may not read it, for so long. */
export const pour = (address: string, port: number, { bytes = 400_000, waitMs = 1500 } = {}): string =>
  `node -e '${POUR}' ${address} ${port} ${bytes} ${waitMs}`;

const POUR = `
const [, host, port, bytes, waitMs] = process.argv;
const socket = require("node:net").connect({ host, port: Number(port) }, () => socket.write(Buffer.alloc(Number(bytes))));
socket.on("error", () => {}).resume();
setTimeout(() => socket.destroy(), Number(waitMs));
`;
