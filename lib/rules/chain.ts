import type { Hook } from "../linux/ruleset.js";
import type { At } from "./node.js";
import type { Packet } from "./packet.js";
import type { Doubt, Truth } from "./truth.js";

/** Whether a rule's match takes a packet. */
export type Test = (at: At) => Truth;

/** A new source or destination; null: it stays, or (a port) is chosen by the kernel. */
export interface Translation {
  readonly of: "source" | "destination";
  /** null: only the port changes. */
  readonly ip: string | null;
  readonly port: number | null;
  /** One of several addresses or ports, of which the kernel chooses. */
  readonly isOneOf: boolean;
}

/** The element of a map by which a rule did something. */
export interface MapElement {
  /** null: it stands in the rule. */
  readonly map: string | null;
  readonly mapComment: string | null;
  /** `10.96.0.1 . tcp . 80 : drop`. */
  readonly text: string;
  readonly comment: string | null;
}

interface ByElement {
  readonly by?: MapElement;
}

/** What a rule does with a packet. */
export type Action =
  | ({ readonly kind: "go-on"; readonly packet?: Packet } & ByElement)
  | ({ readonly kind: "accept" } & ByElement)
  | ({ readonly kind: "drop" } & ByElement)
  | ({ readonly kind: "reject"; readonly how: string } & ByElement)
  | ({ readonly kind: "return" } & ByElement)
  | ({ readonly kind: "jump"; readonly chain: string } & ByElement)
  | ({ readonly kind: "goto"; readonly chain: string } & ByElement)
  | { readonly kind: "translate"; readonly translation: Translation }
  /** It was let go by a way that rules do not see: a queue's program, another device. */
  | { readonly kind: "lost-sight"; readonly how: string }
  | { readonly kind: "either"; readonly ways: readonly { readonly action: Action; readonly doubt: Doubt }[] };

/** A rule is its steps, one after the other, until a test fails or an action ends it. */
export type Step =
  | { readonly kind: "test"; readonly test: Test }
  | { readonly kind: "count" }
  | { readonly kind: "act"; readonly act: (at: At) => Action };

export interface LoadedRule {
  /** The same rule of another snapshot has the same. */
  readonly key: string;
  /** `filter`, `inet fw`. */
  readonly table: string;
  readonly chain: string;
  /** As iptables-save or nft print it. */
  readonly text: string;
  comments(): readonly string[];
  /** nft's handle; null for iptables. */
  readonly handle: number | null;
  /** From 1, in its chain. */
  readonly place: number;
  /** Made when it is first asked for: most rules of a node are never reached. */
  steps(): readonly Step[];
}

/** A chain that packets come to by themselves. */
export interface BaseChain {
  readonly hook: Hook;
  readonly priority: number;
  readonly families: readonly ("ip" | "ip6" | "bridge" | "netdev" | "arp")[];
  /** It is asked for the first packet of a connection only. */
  readonly isNat: boolean;
  /** Of a device's chain (netdev); empty: all. */
  readonly devices: readonly string[];
  readonly table: Table;
  readonly name: string;
  readonly policy: "accept" | "drop";
  /** Of nft's own listing; false: of iptables'. */
  readonly isOfNft: boolean;
}

export interface Table {
  readonly name: string;
  readonly chains: ReadonlyMap<string, readonly LoadedRule[]>;
}
