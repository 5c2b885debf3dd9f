import { isAbsolute, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { ErrorProblem } from "../errors.js";
import { visible } from "./escape.js";

/** A file and what is wrong with it; a problem may stand in another one, which it is made of. */
interface FileProblems {
  readonly file: string;
  readonly problems: readonly ErrorProblem[];
}

/** What a rule is, by its id. */
interface SarifRule {
  readonly id: string;
  /** One line, without a full stop. */
  readonly means: string;
}

interface SarifOptions {
  /** Paths are written relative to it; what stands outside gets a whole URI. */
  readonly root: string;
  readonly version: string;
  readonly rules: readonly SarifRule[];
}

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** Problems as SARIF 2.1.0 (OASIS), which code hosts show beside the lines. `file` is absolute or relative to `root`. */
export function renderSarif(files: readonly FileProblems[], options: SarifOptions): string {
  const used = files.flatMap(({ problems }) => problems.map(({ rule }) => rule));
  const known = new Map(options.rules.map((rule) => [rule.id, rule]));
  // Every result's rule is in the list, one that nobody described too.
  for (const id of used) if (!known.has(id)) known.set(id, { id, means: id.replaceAll("-", " ") });
  const rules = [...known.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const index = new Map(rules.map(({ id }, position) => [id, position]));
  const log = {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "hopbook",
            semanticVersion: options.version,
            rules: rules.map(describeRule),
          },
        },
        columnKind: "utf16CodeUnits",
        results: files.flatMap(({ file, problems }) => {
          return problems.map((problem) => ({
            ruleId: problem.rule,
            ruleIndex: index.get(problem.rule),
            level: "error",
            message: { text: textOf(problem) },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: locate(problem.file ?? file, options.root),
                  region: regionOf(problem),
                },
              },
            ],
          }));
        }),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function describeRule({ id, means }: SarifRule): Record<string, unknown> {
  return {
    id,
    shortDescription: { text: means },
    defaultConfiguration: { level: "error" },
  };
}

function textOf({ message, suggestion }: ErrorProblem): string {
  return visible(suggestion === undefined ? message : `${message}; ${suggestion}`);
}

function regionOf({ line, column, endColumn }: ErrorProblem): Record<string, number> {
  return { startLine: line, startColumn: column, ...(endColumn === undefined ? {} : { endColumn }) };
}

/** A relative, percent-encoded URI where the file is below the root, else a file: URI. */
function locate(file: string, root: string): Record<string, string> {
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
