import { isAbsolute, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { printJson } from "../model/json.js";

/** What a rule is, by its id. */
export interface SarifRule {
  readonly id: string;
  /** One line, without a full stop. */
  readonly means: string;
  /** What its results are unless they say otherwise; default: what they are. */
  readonly level?: SarifResult["level"];
}

interface SarifLocation {
  readonly physicalLocation: {
    readonly artifactLocation: Readonly<Record<string, string>>;
    readonly region?: Readonly<Record<string, number>>;
  };
  readonly logicalLocations?: readonly { readonly fullyQualifiedName: string }[];
}

/** A result (SARIF 2.1.0, §3.27); its text is visible already. */
export interface SarifResult {
  readonly ruleId: string;
  readonly level: "error" | "warning" | "note";
  readonly message: { readonly text: string };
  readonly locations: readonly SarifLocation[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** A log of one run of hopbook. Every result's rule is in its list, one that nobody described too, as grave as its gravest. */
export function writeSarifLog(
  results: readonly SarifResult[],
  options: { readonly version: string; readonly rules: readonly SarifRule[] },
): string {
  const known = new Map(options.rules.map((rule) => [rule.id, rule]));
  const described = new Set(known.keys());
  for (const { ruleId: id, level } of results) {
    if (described.has(id)) continue;
    known.set(id, { id, means: id.replaceAll("-", " "), level: graver(known.get(id)?.level, level) });
  }
  const rules = [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const index = new Map(rules.map(({ id }, position) => [id, position]));
  const driver = { name: "hopbook", semanticVersion: options.version, rules: rules.map(describeRule) };
  const log = {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver },
        columnKind: "utf16CodeUnits",
        results: results.map(({ ruleId, ...rest }) => ({ ruleId, ruleIndex: index.get(ruleId), ...rest })),
      },
    ],
  };
  return printJson(log);
}

const LEVELS = ["note", "warning", "error"] as const;

function graver(one: SarifResult["level"] = "note", other: SarifResult["level"]): SarifResult["level"] {
  return LEVELS.indexOf(one) > LEVELS.indexOf(other) ? one : other;
}

function describeRule({ id, means, level }: SarifRule): Record<string, unknown> {
  return { id, shortDescription: { text: means }, defaultConfiguration: { level: level ?? "error" } };
}

/** A relative, percent-encoded URI where the file is below the root, else a file: URI. */
export function locateArtifact(file: string, root: string): Record<string, string> {
  const inside = isAbsolute(file) ? relative(root, file) : file.replace(/^(\.\/)+/, "");
  const parts = inside.split(sep);
  if (isAbsolute(inside) || parts[0] === "..") {
    return { uri: pathToFileURL(isAbsolute(file) ? file : `${root}/${file}`).href };
  }
  return { uri: parts.map(encodeSegment).join("/"), uriBaseId: "%SRCROOT%" };
}

/** encodeURIComponent leaves `!'()*` alone, which RFC 3986 reserves, and throws at lone surrogates. */
function encodeSegment(segment: string): string {
  const wellFormed = segment.replace(/[\ud800-\udfff]/gu, "\ufffd");
  return encodeURIComponent(wellFormed).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
