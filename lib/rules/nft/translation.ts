import { bytesOf, canonicalIp } from "../../linux/address.js";
import { asList, isRecord, numberOf, textOf } from "../../linux/json.js";
import type { Action, Step, Translation } from "../chain.js";
import type { At } from "../node.js";
import { setOf, type FindSet } from "./match.js";
import { makeMapped } from "./verdict-map.js";

const UNREAD: Action = {
  kind: "lost-sight",
  how: "the address that it is translated to could not be evaluated",
};

/** `snat`, `dnat`, `masquerade`, `redirect` and `notrack`; null for another statement. */
export function makeTranslation(name: string, body: unknown, findSet: FindSet): Step | null {
  if (name === "notrack")
    return {
      kind: "act",
      act: ({ packet }) => ({
        kind: "go-on",
        packet: { ...packet, connection: { ...packet.connection, state: "untracked" } },
      }),
    };
  const { addr, port } = isRecord(body) ? body : {};
  if (name === "masquerade" || name === "redirect") return toOwn(name, port);
  if (name !== "snat" && name !== "dnat") return null;
  const of = name === "snat" ? "source" : "destination";
  if (isRecord(addr) && isRecord(addr["map"])) return byMap(of, addr["map"], { port, findSet });
  const [to, at] = [readTo(addr), readPort(port)];
  return act(
    to === null || at === null ? UNREAD : translate(of, { ip: to.first, isOneOf: to.isOneOf, port: at }),
  );
}

const act = (action: Action): Step => ({ kind: "act", act: () => action });

interface To {
  readonly ip: string | null;
  readonly isOneOf: boolean;
  readonly port: Port;
}

interface Port {
  readonly first: number | null;
  readonly isOneOf: boolean;
}

function translate(of: Translation["of"], { ip, isOneOf, port }: To): Action {
  return {
    kind: "translate",
    translation: { of, ip, port: port.first, isOneOf: isOneOf || port.isOneOf || ip === null },
  };
}

/** `to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : … }`, which kube-proxy and load balancers without it write. */
function byMap(
  of: Translation["of"],
  map: Readonly<Record<string, unknown>>,
  { port, findSet }: { readonly port: unknown; readonly findSet: FindSet },
): Step {
  return makeMapped({
    key: map["key"],
    held: setOf(map["data"], findSet),
    unread: UNREAD,
    actionOf: ({ value }) => {
      const parts =
        isRecord(value) && Array.isArray(value["concat"]) ? asList(value["concat"]) : [value, port];
      const [to, at] = [readTo(parts[0]), readPort(parts[1])];
      if (to?.first == null || at === null || parts.length !== 2) return UNREAD;
      return translate(of, { ip: to.first, isOneOf: to.isOneOf, port: at });
    },
  });
}

/** To an address of the machine itself: the device's by which it leaves or came. */
function toOwn(name: "masquerade" | "redirect", to: unknown): Step {
  const port = readPort(to);
  if (port === null) return act(UNREAD);
  const ownOf = ({ packet, hook, inDevice, outDevice, node }: At): string | null => {
    if (name === "redirect" && hook === "output") return packet.family === 4 ? "127.0.0.1" : "::1";
    const device = name === "masquerade" ? outDevice : inDevice;
    return typeof device === "string" && device !== "" ? node.sourceFor(device, packet) : null;
  };
  const of = name === "masquerade" ? "source" : "destination";
  return { kind: "act", act: (at) => translate(of, { ip: ownOf(at), isOneOf: false, port }) };
}

/** An address, the first of several; null where it is none. What is not there leaves the address as it is. */
function readTo(value: unknown): { readonly first: string | null; readonly isOneOf: boolean } | null {
  if (value === undefined) return { first: null, isOneOf: false };
  const range = isRecord(value) ? asList(value["range"]) : [];
  const prefix = isRecord(value) && isRecord(value["prefix"]) ? value["prefix"] : null;
  const text = textOf(prefix?.["addr"] ?? range[0] ?? value) ?? "";
  const first = canonicalIp(text);
  if (first === undefined) return null;
  const isAlone = prefix === null ? range.length === 0 : isWhole(text, prefix["len"]);
  return { first, isOneOf: !isAlone };
}

function isWhole(text: string, length: unknown): boolean {
  return numberOf(length) === (bytesOf(text)?.length ?? 0) * 8;
}

function readPort(value: unknown): Port | null {
  if (value === undefined) return { first: null, isOneOf: false };
  const range = isRecord(value) ? asList(value["range"]) : [];
  const first = numberOf(range[0] ?? value);
  return first === null ? null : { first, isOneOf: range.length > 0 };
}
