import t from "tap";
import { Ajv2020 } from "ajv/dist/2020.js";
import { anyCharacter, fc } from "../fixtures/property.js";
import { renderSarif } from "../../lib/report/index.js";

/** What SARIF 2.1.0 (OASIS, §3) demands of the parts that are written here; nothing else may stand in them. */
const text = { type: "object", required: ["text"], properties: { text: { type: "string", minLength: 1 } } };
const closed = (required: string[], properties: Record<string, unknown>): object => ({
  ...{ type: "object", required, properties, additionalProperties: false },
});
const positive = { type: "integer", minimum: 1 };
const rule = closed(["id", "shortDescription"], {
  id: { type: "string", minLength: 1 },
  shortDescription: text,
  defaultConfiguration: closed(["level"], { level: { const: "error" } }),
});
const location = closed(["physicalLocation"], {
  physicalLocation: closed(["artifactLocation", "region"], {
    artifactLocation: closed(["uri"], {
      // RFC 3986: a relative reference or a file: URI.
      uri: { type: "string", pattern: "^(file:///)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$" },
      uriBaseId: { const: "%SRCROOT%" },
    }),
    region: closed(["startLine", "startColumn"], {
      startLine: positive,
      startColumn: positive,
      endColumn: positive,
    }),
  }),
});
const result = closed(["ruleId", "ruleIndex", "level", "message", "locations"], {
  ruleId: { type: "string" },
  ruleIndex: { type: "integer", minimum: 0 },
  level: { enum: ["none", "note", "warning", "error"] },
  message: text,
  locations: { type: "array", minItems: 1, items: location },
});
const driver = closed(["name", "semanticVersion", "rules"], {
  name: { const: "hopbook" },
  semanticVersion: { type: "string", pattern: "^\\d+\\.\\d+\\.\\d+" },
  rules: { type: "array", uniqueItems: true, items: rule },
});
const validate = new Ajv2020({ allErrors: true }).compile(
  closed(["$schema", "version", "runs"], {
    $schema: { type: "string", pattern: "sarif-schema-2\\.1\\.0\\.json$" },
    version: { const: "2.1.0" },
    runs: {
      type: "array",
      minItems: 1,
      items: closed(["tool", "results", "columnKind"], {
        tool: closed(["driver"], { driver }),
        columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
        results: { type: "array", items: result },
      }),
    },
  }),
);

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
      }[];
    }[];
  }[];
}

const OPTIONS = {
  root: "/repo",
  version: "1.2.3",
  rules: [{ id: "key-unknown", means: "A key that is not known" }],
};
const PROBLEM = { line: 3, column: 5, message: "unknown key", rule: "key-unknown" };

function render(files: Parameters<typeof renderSarif>[0]): Log {
  const log = JSON.parse(renderSarif(files, OPTIONS)) as Log;
  t.ok(validate(log), JSON.stringify(validate.errors));
  return log;
}

const uriOf = (file: string): string | undefined =>
  render([{ file, problems: [PROBLEM] }]).runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation
    .uri;

t.test("a problem is a result at its place, under a rule that is described", async (t) => {
  const problems = [
    { ...PROBLEM, endColumn: 9, suggestion: 'did you mean "steps"?' },
    { ...PROBLEM, rule: "new-rule" },
  ];
  const [run] = render([
    { file: "runbooks/a.yaml", problems },
    { file: "b.yaml", problems: [] },
  ]).runs;
  t.match(run?.results[0], {
    ruleId: "key-unknown",
    level: "error",
    message: { text: 'unknown key; did you mean "steps"?' },
    locations: [{ physicalLocation: { region: { startLine: 3, startColumn: 5, endColumn: 9 } } }],
  });
  t.equal(run?.results.length, 2);
  for (const { ruleId, ruleIndex } of run?.results ?? [])
    t.equal(run?.tool.driver.rules[ruleIndex]?.id, ruleId);
});

t.test("nothing wrong: a log with no result", async (t) => {
  t.strictSame(render([]).runs[0]?.results, []);
});

t.test("paths are relative to the root and percent-encoded", async (t) => {
  t.equal(uriOf("a b/ü#?%.yaml"), "a%20b/%C3%BC%23%3F%25.yaml");
  t.equal(uriOf("./x.yaml"), "x.yaml");
  t.equal(uriOf("/repo/sub/x.yaml"), "sub/x.yaml");
  t.equal(uriOf("/etc/x y.yaml"), "file:///etc/x%20y.yaml");
  t.equal(uriOf("../x.yaml"), "file:///x.yaml");
});

t.test("any path and any message give a valid log", async (t) => {
  const any = fc.string({ unit: anyCharacter, maxLength: 30 });
  fc.assert(
    fc.property(any, any, (name, message) => {
      const file = `d/${name.replaceAll("\0", "")}x`;
      const log = JSON.parse(
        renderSarif([{ file, problems: [{ ...PROBLEM, message: `m${message}` }] }], OPTIONS),
      ) as Log;
      const [first] = log.runs[0]?.results ?? [];
      // eslint-disable-next-line no-control-regex
      return first !== undefined && !/[\u0000-\u001f\u007f-\u009f]/.test(first.message.text);
    }),
  );
  t.pass("holds");
});
