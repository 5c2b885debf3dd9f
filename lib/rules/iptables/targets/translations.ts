import { bytesOf, parsePrefix, formatBytes } from "../../../linux/address.js";
import type { Translation } from "../../chain.js";
import type { Packet } from "../../packet.js";
import { valueOf } from "../arguments.js";
import type { MakeAction } from "./target.js";

export const destination: MakeAction = (options) =>
  toAddress("destination", valueOf(options, "--to-destination"));
export const source: MakeAction = (options) => toAddress("source", valueOf(options, "--to-source"));

/** The address of the device that the packet leaves by. */
export const masquerade: MakeAction = (options) => {
  const ports = readPorts(valueOf(options, "--to-ports"));
  if (ports === null) return null;
  return ({ packet, outDevice, node }) => {
    const ip = typeof outDevice === "string" ? node.sourceFor(outDevice, packet) : null;
    return {
      kind: "translate",
      translation: { of: "source", ip, ...ports, isOneOf: ip === null || ports.isOneOf },
    };
  };
};

/** To this machine: to the arrival device's own address, or the loopback of what was sent here. */
export const redirect: MakeAction = (options) => {
  const ports = readPorts(valueOf(options, "--to-ports"));
  if (ports === null) return null;
  return ({ packet, inDevice, hook, node }) => {
    const loopback = packet.family === 4 ? "127.0.0.1" : "::1";
    const own = typeof inDevice === "string" ? node.sourceFor(inDevice, packet) : null;
    const ip = hook === "output" ? loopback : own;
    return {
      kind: "translate",
      translation: { of: "destination", ip, ...ports, isOneOf: ip === null || ports.isOneOf },
    };
  };
};

/** One network for another, the rest of the address staying. */
export const mapNetwork: MakeAction = (options) => {
  const network = parsePrefix(valueOf(options, "--to") ?? "");
  if (network === undefined) return null;
  return ({ packet, hook }) => {
    const of = hook === "postrouting" || hook === "input" ? "source" : "destination";
    const old = packet[of].bytes;
    const bytes = network.bytes.map((byte, index) => {
      const bits = Math.min(8, Math.max(0, network.lengthBits - index * 8));
      const mask = 0xff & (0xff << (8 - bits));
      return (byte & mask) | ((old[index] ?? 0) & ~mask & 0xff);
    });
    return {
      kind: "translate",
      translation: { of, ip: formatBytes(bytes) ?? null, port: null, isOneOf: false },
    };
  };
};

/** `10.0.0.1`, `10.0.0.1-10.0.0.9:80-90`, `[fd00::1]:80`, `:80`. */
function toAddress(of: Translation["of"], text: string | undefined): ReturnType<MakeAction> {
  if (text === undefined) return null;
  const [, six, plain = "", ports] =
    /^(?:\[([^\]]+)\]|([^:]*|[0-9A-Fa-f:.]*?::?[0-9A-Fa-f:.]*))(?::([0-9/-]+))?$/.exec(text) ?? [];
  const address = six ?? plain;
  const [first = "", last = first] = address.split("-");
  const port = readPorts(ports);
  if (port === null || (first !== "" && (bytesOf(first) === undefined || bytesOf(last) === undefined)))
    return null;
  if (first === "" && ports === undefined) return null;
  const ip = first === "" ? null : first;
  const translation = { of, ip, port: port.port, isOneOf: first !== last || port.isOneOf };
  return ({ packet }) => ({
    kind: "translate",
    translation: { ...translation, port: ofPorts(packet, translation.port) },
  });
}

function ofPorts({ destinationPort, sourcePort }: Packet, port: number | null): number | null {
  return destinationPort === null && sourcePort === null ? null : port;
}

/** `80`, `80-90`; null where it is none of them. */
function readPorts(
  text: string | undefined,
): { readonly port: number | null; readonly isOneOf: boolean } | null {
  if (text === undefined) return { port: null, isOneOf: false };
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?(?:\/[0-9]{1,5})?$/.exec(text);
  if (match === null) return null;
  const [, first = "", last = first] = match;
  return { port: Number(first), isOneOf: first !== last };
}
