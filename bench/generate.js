// Makes the capture pair of the benchmark: one TCP conversation at a pod's interface, and the same packets
// inside VXLAN at the node's, a few of them lost in between. The same bytes every time.
import { Buffer } from "node:buffer";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWriter, wrapInVxlan, writeIpv4 } from "./pcap.js";

const CLIENT = [10, 244, 1, 2];
const SERVER = [10, 244, 2, 3];
const OTHER = [10, 244, 2, 9];
const NODES = [
  [10, 77, 0, 11],
  [10, 77, 0, 12],
];
const DATA_BYTES = 840;
const HEADER_BYTES = 14 + 20 + 32;
const LATENCY_US = 30;
const NOISE_BYTES = 1 << 20;

/** Packets with these numbers are lost between the two hops. */
export const LOST = [1000, 50_000, 123_457];
export const FLOW = { client: CLIENT.join("."), server: SERVER.join("."), port: 8080, clientPort: 40_000 };

/** Letters and digits without a pattern, as data that is worth sending: gzip makes three quarters of it. The same each time. */
function makeNoise() {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const noise = Buffer.alloc(NOISE_BYTES);
  let state = 0x9e3779b9;
  for (let at = 0; at < NOISE_BYTES; at++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + at;
    noise[at] = letters.charCodeAt((state >>> 11) & 63);
  }
  return noise;
}

/** Writes captures and evidence of `packets` packets in all into a run folder; the bytes of both captures. */
export function generateRun(dir, packets, { isNoisy = false } = {}) {
  for (const name of ["captures", "evidence"]) mkdirSync(join(dir, name), { recursive: true });
  const files = ["captures/pod.pcap", "captures/nic.pcap"];
  const writers = files.map((file) => createWriter(join(dir, file)));
  const noise = isNoisy ? makeNoise() : null;
  const state = { sequence: 1_000_000, acknowledged: 5_000_000 };
  for (let index = 0; index < packets / 2; index++) {
    const frame = makeFrame(index, state);
    noise?.copy(frame, HEADER_BYTES, (index * 977) % (NOISE_BYTES / 2));
    const timeUs = index * 10;
    writers[0].write(timeUs, frame);
    if (!LOST.includes(index)) writers[1].write(timeUs + LATENCY_US, wrap(frame));
  }
  writeEvidence(dir, files);
  return writers.reduce((total, writer) => total + writer.close(), 0);
}

/** Data one way, ACKs the other; every 25th packet belongs to another conversation. */
function makeFrame(index, state) {
  const isReply = index % 2 === 1;
  const isOther = index % 25 === 7;
  const payload = isReply ? 0 : DATA_BYTES;
  const frame = Buffer.alloc(14 + 20 + 32 + payload, index & 0xff);
  frame.fill(0, 0, 14 + 20 + 32);
  frame.writeUInt16BE(0x0800, 12);
  const server = isOther ? OTHER : SERVER;
  writeIpv4(frame, 14, {
    source: isReply ? server : CLIENT,
    destination: isReply ? CLIENT : server,
    protocol: 6,
  });
  frame.writeUInt16BE(index & 0xffff, 14 + 4);
  const [source, destination] = isReply ? [FLOW.port, FLOW.clientPort] : [FLOW.clientPort, FLOW.port];
  frame.writeUInt16BE(source, 34);
  frame.writeUInt16BE(destination, 36);
  frame.writeUInt32BE((isReply ? state.acknowledged : state.sequence) >>> 0, 38);
  frame.writeUInt32BE((isReply ? state.sequence : state.acknowledged) >>> 0, 42);
  frame[46] = 8 << 4;
  frame[47] = isReply ? 0x10 : 0x18;
  frame.writeUInt32BE(0x0101080a, 54);
  frame.writeUInt32BE(index, 58);
  if (!isReply && !isOther) state.sequence += payload;
  return frame;
}

function wrap(frame) {
  const outer = wrapInVxlan(frame, NODES);
  outer[50 + 14 + 8] -= 1;
  return outer;
}

function writeEvidence(dir, files) {
  const end = (ip, port, node) => ({ pod: null, node, ip, port, addresses: [{ ip, port }] });
  const vxlan = { kind: "vxlan", port: 4789, vni: 4096, outer: 4 };
  const hop = (index, role, encapsulation) => ({
    index,
    id: `hop-${index}`,
    node: "node-a",
    role,
    interface: "eth0",
    mtuBytes: 1500,
    encapsulation,
    pcap: files[index],
  });
  const flow = {
    id: "f0",
    from: end(FLOW.client, null, "node-a"),
    to: end(FLOW.server, FLOW.port, "node-b"),
    protocol: "tcp",
    probe: null,
    hops: [hop(0, "pod", { kind: "none" }), hop(1, "nic", vxlan)],
    replyHops: null,
    underlay: {},
    tunnels: {},
    notes: [],
  };
  const run = {
    id: "bench",
    runbook: "bench",
    startedAt: "2026-01-01T00:00:00Z",
    complete: true,
    incomplete: [],
  };
  const save = (name, value) => writeFileSync(join(dir, "evidence", name), JSON.stringify(value));
  save("run.json", { ...run, finishedAt: null, cluster: "bench" });
  save("flows.json", { flows: [flow] });
  save("captures.json", { captures: [], barrier: { skewMs: 0, readyAfterMs: 0 } });
}
