import { isAbsolute, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { printJson } from "../model/json.js";

/** What a rule is, by its id. */
export interface SarifRule {
  readonly id: string;
  /** One line, without a full stop. */
  readonly means: string;
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

/** A log of one run of hopbook. Every result's rule is in its list, one that nobody described too. */
export function writeSarifLog(
  results: readonly SarifResult[],
  options: { readonly version: string; readonly rules: readonly SarifRule[] },
): string {
  const known = new Map(options.rules.map((rule) => [rule.id, rule]));
  for (const { ruleId: id } of results)
    if (!known.has(id)) known.set(id, { id, means: id.replaceAll("-", " ") });
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

function describeRule({ id, means }: SarifRule): Record<string, unknown> {
  return { id, shortDescription: { text: means }, defaultConfiguration: { level: "error" } };
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
