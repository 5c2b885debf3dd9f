import { createHash } from "node:crypto";
import { bytesOf } from "../../linux/address.js";
import { AddressMapper, bytesOfWord, wordOf } from "./addresses.js";
import { DigitMapper } from "./digits.js";
import { MacMapper } from "./macs.js";
import { NameRegistry, type NameKind, type NamePair } from "./names.js";
import { isProjectDomain } from "./vocabulary.js";

const INTERFACE_DIGITS = 11;
const MOST_DOMAINS = 100_000;
const DOMAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/;
const REVERSE = /^(?:\d{1,3}\.){4}in-addr\.arpa$|^(?:[0-9a-f]\.){32}ip6\.arpa$/;
const REVERSE_6_LABELS = 34;
/** Others have no other case of the same length, or would be taken for several labels. */
const LABEL = /^[\x21-\x2d\x2f-\x7e]+$/;

/** All that is hidden in a run, by one key. */
export class Mapping {
  readonly addresses: AddressMapper;
  readonly macs: MacMapper;
  readonly digits: DigitMapper;
  readonly names: NameRegistry;
  /** Domain names as they were met, in lower case. */
  readonly domains = new Set<string>();
  /** Namespace and name of what was met, as `namespace/name`. */
  readonly objects = new Set<string>();

  constructor(
    readonly secret: Uint8Array,
    known: readonly NamePair[] = [],
  ) {
    this.addresses = new AddressMapper(secret);
    this.macs = new MacMapper(secret, (low) => this.addresses.mapLow(low));
    this.digits = new DigitMapper(secret);
    this.names = new NameRegistry(known);
  }

  /** A domain name label by label, each as long as it was. */
  domain(text: string): string {
    return this.labels(text.split(".")).join(".");
  }

  /** As many labels as were given. */
  labels(labels: readonly string[]): readonly string[] {
    const name = labels.join(".").toLowerCase().replace(/\.$/, "");
    if (isProjectDomain(name)) return labels;
    if (REVERSE.test(name)) return this.reverse(labels);
    if (this.domains.size < MOST_DOMAINS && DOMAIN.test(name)) this.domains.add(name);
    return labels.map((label, index) => this.label(label, kindAt(labels, index)));
  }

  /** Of PTR questions: the mapped address. */
  private reverse(labels: readonly string[]): readonly string[] {
    if (labels.length < REVERSE_6_LABELS) return [...this.reverse4(labels.slice(0, 4)), ...labels.slice(4)];
    const address = Buffer.from(labels.slice(0, 32).reverse().join(""), "hex");
    const image = Buffer.from(this.addresses.map6(address)).toString("hex");
    return [...Array.from(image).reverse(), ...labels.slice(32)];
  }

  /**
   * A label has room for as many digits as it had: a shorter number stands behind zeros (`007`). Where one is longer than its label
   * the address cannot be written, and all four are digits of no address.
   */
  private reverse4(labels: readonly string[]): readonly string[] {
    const bytes = bytesOf(labels.toReversed().map(Number).join("."));
    const image =
      bytes === undefined ? null : bytesOfWord(this.addresses.map4(wordOf(Uint8Array.from(bytes))));
    const numbers = [...(image ?? [])].reverse().map(String);
    const hasRoom = image !== null && numbers.every((text, index) => text.length <= labels[index]!.length);
    return hasRoom
      ? numbers.map((text, index) => text.padStart(labels[index]!.length, "0"))
      : this.digits.numbersLike(labels.join(".")).split(".");
  }

  /** One label of a domain name; an underscore of a service's stays before it. */
  private label(text: string, kind: NameKind): string {
    if (!LABEL.test(text)) return "x".repeat(text.length);
    if (/^_[^_]/.test(text)) return `_${this.names.nameOf(text.slice(1), kind)}`;
    return this.names.nameOf(text, kind);
  }

  /**
   * Calico, AWS's and Azure's plugin call the host's end of a pod's interface by the first digits of a hash of `namespace.name` (naming in
   * runbooks/cni/): those become the hash of its pseudonym, by which who looks at the archive finds it, as whoever made it did.
   */
  fixInterfaces(): void {
    for (const object of this.objects) {
      const [namespace = "", name = ""] = object.split("/");
      const mapped = `${this.names.nameOf(namespace, "ns")}.${this.names.nameOf(name, "pod")}`;
      this.digits.fix(hashOf(`${namespace}.${name}`), hashOf(mapped));
    }
  }

  /** `namespace/name`. */
  object(namespace: string, name: string, kind: NameKind): void {
    this.names.nameOf(namespace, "ns");
    this.names.nameOf(name, kind);
    if (this.objects.size < MOST_DOMAINS) this.objects.add(`${namespace}/${name}`);
  }
}

function hashOf(text: string): string {
  return createHash("sha1").update(text).digest("hex").slice(0, INTERFACE_DIGITS);
}

/** `web.shop.svc.cluster.local`: a Service's name and its namespace. */
function kindAt(labels: readonly string[], index: number): NameKind {
  const marker = labels.findIndex((label) => /^(svc|pod)$/i.test(label));
  if (marker < 1) return "dns";
  if (index === marker - 1) return "ns";
  return index < marker ? "svc" : "dns";
}
