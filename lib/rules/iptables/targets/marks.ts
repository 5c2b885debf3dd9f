import type { Action } from "../../chain.js";
import { bits, parseMasked, parseNumber, type Masked } from "../../numbers.js";
import { hasConnection, type Packet } from "../../packet.js";
import { hasOption, valueOf, type Option } from "../arguments.js";
import type { MakeAction } from "./target.js";

const ALL = 0xffff_ffff;

/** `MARK`: (mark & ~mask) ^ value, in each of its spellings. */
export const setMark: MakeAction = (options) => {
  const change = readChange(options);
  if (change === null) return null;
  return ({ packet }) => goOn(packet, { mark: apply(packet.mark, change) });
};

/** `CONNMARK`: the same of the connection, or from one to the other. */
export const setConnectionMark: MakeAction = (options) => {
  const [from, to] = [maskOf(options, "--nfmask"), maskOf(options, "--ctmask")];
  if (hasOption(options, "--save-mark")) {
    if (from === undefined || to === undefined) return null;
    return ({ packet }) =>
      ofConnection(packet, () =>
        withConnectionMark(packet, merge(packet.connection.mark, packet.mark, [to, from])),
      );
  }
  if (hasOption(options, "--restore-mark")) {
    if (from === undefined || to === undefined) return null;
    return ({ packet }) =>
      ofConnection(packet, () =>
        goOn(packet, { mark: merge(packet.mark, packet.connection.mark, [from, to]) }),
      );
  }
  const change = readChange(options);
  if (change === null) return null;
  return ({ packet }) =>
    ofConnection(packet, () => withConnectionMark(packet, apply(packet.connection.mark, change)));
};

/** Without a connection nothing is changed (xt_connmark.c). */
function ofConnection(packet: Packet, change: () => Action): Action {
  return hasConnection(packet) ? change() : passOn();
}

/** What is kept of `old`, and what comes from `other` in its place. */
function merge(
  old: number | null,
  other: number | null,
  [kept, taken]: readonly [number, number],
): number | null {
  if (other === null || (old === null && kept !== ALL)) return null;
  return bits(((old ?? 0) & ~kept) ^ (other & taken));
}

function maskOf(options: readonly Option[], name: string): number | undefined {
  const text = valueOf(options, "--mask") ?? valueOf(options, name);
  return text === undefined ? ALL : parseNumber(text);
}

function apply(old: number | null, { value, mask }: Masked): number | null {
  if (old === null) return mask === ALL ? bits(value) : null;
  return bits((old & ~mask) ^ value);
}

function readChange(options: readonly Option[]): Masked | null {
  for (const { name, values } of options) {
    const change = parseMasked(values[0] ?? "");
    if (change === undefined) continue;
    const { value, mask } = change;
    if (name === "--set-xmark") return change;
    if (name === "--set-mark") return { value, mask: bits(mask | value) };
    if (name === "--and-mark") return { value: 0, mask: bits(~value) };
    if (name === "--or-mark") return { value, mask: value };
    if (name === "--xor-mark") return { value, mask: 0 };
  }
  return null;
}

function withConnectionMark(packet: Packet, mark: number | null): Action {
  return goOn(packet, { connection: { ...packet.connection, mark } });
}

export function goOn(packet: Packet, change: Partial<Packet>): Action {
  return { kind: "go-on", packet: { ...packet, ...change } };
}

/** Left alone. */
export const passOn = (): Action => ({ kind: "go-on" });
