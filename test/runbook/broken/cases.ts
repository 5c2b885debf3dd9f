import type { ProblemRule } from "../../../lib/document/index.js";
import type { KnownKind } from "../../../lib/runbook/index.js";

/** Name, rule of the problem, and YAML with a » in front of the character that the error has to point at. */
export type BrokenCase = readonly [name: string, rule: ProblemRule, yaml: string, says?: RegExp];

export const HEAD = "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: x, title: X}\n";

/** A whole runbook: with the usual head, and a step where the text has none. */
export function runbook(body: string): string {
  return `${HEAD}${/^»?steps:/m.test(body) ? "" : "steps: [{id: z, uses: time/wait, with: {duration: 1s}}]\n"}${body}\n`;
}

const ANY_LIST = { type: "array" };

/** Step kinds with every sort of input and output. */
export const KINDS: readonly KnownKind[] = [
  {
    name: "time/wait",
    phase: "action",
    inputSchema: {
      type: "object",
      required: ["duration"],
      additionalProperties: false,
      properties: {
        duration: {
          anyOf: [
            { type: "string", pattern: "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$" },
            { type: "number", minimum: 0 },
          ],
        },
      },
    },
    outputSchema: { type: "object", additionalProperties: false, properties: {} },
  },
  {
    name: "path/discover",
    phase: "discovery",
    actions: ["runtime/pods"],
    inputSchema: {
      type: "object",
      required: ["from"],
      additionalProperties: false,
      properties: { from: { type: "string" }, to: { type: "array", items: { type: "string" } } },
    },
    outputSchema: {
      type: "object",
      required: ["paths", "tools"],
      properties: { paths: ANY_LIST, tools: { type: "object" } },
    },
  },
  {
    name: "flow/take",
    takes: { flows: "flow" },
    inputSchema: { type: "object", properties: { flows: { type: "array" } } },
  },
  {
    name: "text/make",
    phase: "action",
    inputSchema: {
      type: "object",
      additionalProperties: false,
      properties: {
        count: { type: "integer" },
        text: { type: "string" },
        names: { type: "array", items: { type: "string" } },
        mode: { enum: ["fast", "slow"] },
        flag: { type: "boolean" },
        inner: {
          type: "object",
          required: ["size"],
          additionalProperties: false,
          properties: { size: { type: "number" } },
        },
        labels: { type: "object", additionalProperties: { type: "string" } },
        any: {},
      },
    },
    outputSchema: {
      type: "object",
      required: ["lines", "count"],
      properties: {
        lines: { type: "array", items: { type: "string" } },
        count: { type: "integer" },
        ratio: { type: "number" },
        ok: { type: "boolean" },
        mode: { enum: ["fast", "slow"] },
        maybe: { type: ["string", "null"] },
        info: {
          type: "object",
          additionalProperties: false,
          properties: { node: { type: "string" }, hops: { type: "array", items: { $ref: "#/$defs/hop" } } },
        },
      },
      $defs: {
        hop: {
          type: "object",
          additionalProperties: false,
          properties: { index: { type: "integer" }, role: { enum: ["pod", "nic"] } },
        },
      },
    },
  },
  {
    name: "command/run",
    phase: "action",
    inputSchema: {
      type: "object",
      required: ["argv", "on"],
      additionalProperties: false,
      properties: { argv: { type: "array", items: { type: "string" }, minItems: 1 }, on: { type: "string" } },
    },
    outputSchema: {
      type: "object",
      required: ["stdout", "exitCode"],
      properties: { stdout: { type: "string" }, exitCode: { type: "integer" } },
    },
  },
  {
    name: "script/run",
    phase: "action",
    inputSchema: { type: "object", properties: { file: { type: "string" }, env: { type: "object" } } },
  },
];
