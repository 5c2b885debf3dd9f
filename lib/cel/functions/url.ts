import { MadeList, MadeMap, TextObject } from "../values.js";
import { define, type CelFunction } from "./function.js";

interface Parts {
  readonly scheme: string;
  /** With its port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class Url extends TextObject {
  readonly typeName = "kubernetes.URL";
  readonly text: string;
  readonly parts: Parts;

  constructor(text: string, parts: Parts) {
    super();
    this.text = text;
    this.parts = parts;
  }

  override get shortName(): string {
    return "URL";
  }

  override toString(): string {
    return this.text;
  }
}

const MAX_LENGTH = 10_000;
const URI = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^/?]*))?)?(\/[^?]*)?(?:[?]([^]*))?$/;
const HOST = /^(?:[^@]*@)?((?:\[[0-9A-Fa-f:.%\w]+\]|[^\s\\[\]:/?#"<>^`{|}]*)(?::[0-9]*)?)$/;

/** As Go reads the URI of a request: absolute, or an absolute path. */
function parseUrl(text: string): Url | undefined {
  // eslint-disable-next-line no-control-regex
  if (text === "" || text.length > MAX_LENGTH || /[\u0000-\u001f\u007f]/.test(text)) return undefined;
  const [whole, scheme, authority = "", path, query = ""] = URI.exec(text) ?? [];
  const host = HOST.exec(authority)?.[1];
  const isWhole = whole !== undefined && (path !== undefined || text.includes("://"));
  if (!isWhole || host === undefined || !isEscaped(path ?? "")) return undefined;
  return new Url(text, { scheme: (scheme ?? "").toLowerCase(), host, path: path ?? "", query });
}

function isEscaped(path: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(path);
}

function hostnameOf(host: string): string {
  return /^\[(.*)\](?::[0-9]*)?$/.exec(host)?.[1] ?? host.replace(/:[0-9]*$/, "");
}

function portOf(host: string): string {
  return /:([0-9]*)$/.exec(host.replace(/^\[.*\]/, ""))?.[1] ?? "";
}

function escapePath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+/g, (part) =>
    encodeURIComponent(part.replace(/\p{Surrogate}/gu, "\ufffd")),
  );
}

function readQuery(query: string): MadeMap {
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query))
    values.set(name, [...(values.get(name) ?? []), value]);
  return new MadeMap([...values].map(([name, list]) => [name, new MadeList(list)]));
}

function part(
  name: string,
  means: string,
  { example, read }: { readonly example: string; readonly read: (parts: Parts) => string },
): CelFunction {
  return define(
    [`URL.${name}(): string`],
    means,
    [`url('https://web.shop:8443/a b?x=1').${name}()`, example],
    (url: Url) => read(url.parts),
  );
}

export const URLS: readonly CelFunction[] = [
  define(
    ["url(string): URL"],
    "A URL: absolute, or an absolute path",
    ["url('https://web.shop/a').getHost()", "web.shop"],
    (text: string) => {
      const url = parseUrl(text);
      if (url !== undefined) return url;
      throw new Error(`${JSON.stringify(text.slice(0, 100))} is no URL`);
    },
  ),
  define(
    ["isURL(string): bool"],
    "Whether a text is a URL",
    ["isURL('web.shop')", false],
    (text: string) => parseUrl(text) !== undefined,
  ),
  part("getScheme", "Its scheme; else the empty text", { example: "https", read: ({ scheme }) => scheme }),
  part("getHost", "Its host with the port", { example: "web.shop:8443", read: ({ host }) => host }),
  part("getHostname", "Its host without the port and without brackets", {
    example: "web.shop",
    read: ({ host }) => hostnameOf(host),
  }),
  part("getPort", "Its port; else the empty text", { example: "8443", read: ({ host }) => portOf(host) }),
  part("getEscapedPath", "Its path with escapes", {
    example: "/a%20b",
    read: ({ path }) => escapePath(path),
  }),
  define(
    ["URL.getQuery(): map<string, list<string>>"],
    "The values of each name of its query",
    ["url('/a?x=1&x=2').getQuery()", { x: ["1", "2"] }],
    (url: Url) => readQuery(url.parts.query),
  ),
];
