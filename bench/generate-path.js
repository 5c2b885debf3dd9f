// Makes the captures of a path of ten hops: TCP connections of many clients to Services, whose addresses become a pod's
// behind the second hop, and which cross two hops in VXLAN. Nothing is lost. The same bytes every time.
import { Buffer } from "node:buffer";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { checksumOf, createWriter, wrapInVxlan, writeIpv4 } from "./pcap.js";

const HOPS = 10;
/** The first hop that shows the pod's address in place of the Service's. */
const TRANSLATED = 2;
const IN_VXLAN = [4, 5];
const CLIENTS = 200;
const PAYLOAD_BYTES = 400;
const [SERVICE_PORT, POD_PORT] = [80, 8080];
const [IP_AT, TCP_AT, HEADERS_BYTES] = [14, 34, 66];
const [SYN, SYN_ACK, PUSH_ACK] = [0x02, 0x12, 0x18];
const NODES = [
  [10, 77, 0, 11],
  [10, 77, 0, 12],
];
const PACKET_US = 20;
const HOP_US = 10;
/** Has no divisor in common with the number of flows: they take turns in an order that no cache can guess. */
const STRIDE = 7919;

/** Writes `packets` packets in all, of `flows` flows of one connection each; the files in the order of the path. */
export function generatePath(dir, { packets, flows }) {
  mkdirSync(dir, { recursive: true });
  const files = Array.from({ length: HOPS }, (_, hop) => join(dir, `hop-${hop}.pcap`));
  const writers = files.map((file) => createWriter(file));
  const connections = Array.from({ length: flows }, (_, flow) => openConnection(flow));
  for (let index = 0; index < packets / HOPS; index++) {
    const connection = connections[(index * STRIDE) % flows];
    sendAlong(writers, connection, index);
    connection.sent++;
  }
  for (const writer of writers) writer.close();
  return files;
}

function openConnection(flow) {
  const group = Math.floor(flow / CLIENTS);
  return {
    client: [10, 244, 1, 2 + (flow % CLIENTS)],
    service: [10, 96, group >> 8, group & 0xff],
    pod: [10, 244, 2 + (group >> 8), group & 0xff],
    clientPort: 20_000 + ((flow * 31) % 40_000),
    next: [flow * 1000 + 1, flow * 777 + 5],
    sent: 0,
  };
}

function sendAlong(writers, connection, index) {
  const isReply = connection.sent % 2 === 1;
  const frame = makeFrame(connection, index);
  for (let step = 0; step < HOPS; step++) {
    const hop = isReply ? HOPS - 1 - step : step;
    address(frame, connection, { isReply, isTranslated: hop >= TRANSLATED, ttl: 64 - step });
    const shown = IN_VXLAN.includes(hop) ? wrapInVxlan(frame, NODES) : frame;
    writers[hop].write(index * PACKET_US + step * HOP_US, shown);
  }
}

/** What is the same at each hop. */
function makeFrame({ next, sent }, index) {
  const side = sent % 2;
  const isHandshake = sent < 2;
  const payload = isHandshake ? 0 : PAYLOAD_BYTES;
  const frame = Buffer.alloc(HEADERS_BYTES + payload);
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00]);
  frame.writeUInt16BE(index & 0xffff, IP_AT + 4);
  frame.writeUInt32BE(next[side] >>> 0, TCP_AT + 4);
  frame.writeUInt32BE(sent === 0 ? 0 : next[1 - side] >>> 0, TCP_AT + 8);
  frame[TCP_AT + 12] = 8 << 4;
  frame[TCP_AT + 13] = isHandshake ? [SYN, SYN_ACK][side] : PUSH_ACK;
  frame.writeUInt16BE(1000, TCP_AT + 14);
  frame.writeUInt32BE(0x0101080a, TCP_AT + 20);
  frame.writeUInt32BE(index >> 4, TCP_AT + 24);
  next[side] += isHandshake ? 1 : payload;
  return frame;
}

function address(frame, { client, service, pod, clientPort }, { isReply, isTranslated, ttl }) {
  const server = isTranslated ? pod : service;
  const serverPort = isTranslated ? POD_PORT : SERVICE_PORT;
  const [source, destination] = isReply ? [server, client] : [client, server];
  writeIpv4(frame, IP_AT, { source, destination, protocol: 6, ttl });
  frame.writeUInt16BE(isReply ? serverPort : clientPort, TCP_AT);
  frame.writeUInt16BE(isReply ? clientPort : serverPort, TCP_AT + 2);
  frame.writeUInt16BE(0, TCP_AT + 16);
  // Addresses, protocol, length and header: the payload is zeros.
  const start = 6 + frame.length - TCP_AT;
  frame.writeUInt16BE(checksumOf(frame, { from: IP_AT + 12, to: HEADERS_BYTES, start }), TCP_AT + 16);
}
