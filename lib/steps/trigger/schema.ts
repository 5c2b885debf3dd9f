import { pointsSchema } from "../point-input.js";
import { durationSchema } from "../schema.js";

const optional = (schema: Record<string, unknown>): Record<string, unknown> => ({
  anyOf: [{ type: "object", additionalProperties: false, ...schema }, { type: "null" }],
});
const pattern = { type: "string", minLength: 1, maxLength: 256 } as const;

/** What trigger/wait takes: each thing that may be waited for is null or left out where it is not. */
export const triggerInputSchema: Record<string, unknown> = {
  type: "object",
  additionalProperties: false,
  properties: {
    packet: {
      ...optional({
        required: ["filter", "points"],
        properties: { filter: { type: "string", minLength: 1 }, points: pointsSchema },
      }),
      title: "The first packet that fits a tcpdump filter at any of the points; under netns/tcpdump",
    },
    log: {
      ...optional({
        required: ["pod", "match"],
        properties: {
          pod: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" }, minItems: 1 }] },
          container: { type: "string", pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" },
          match: pattern,
          capture: { type: "string", minLength: 1, maxLength: 64 },
        },
      }),
      title:
        "A line of the pods' logs that matches a regular expression of RE2, also of pods that join the captures of that name; " +
        "under pod/logs",
    },
    command: {
      ...optional({
        required: ["argv", "on"],
        properties: {
          argv: { type: "array", minItems: 1 },
          on: { type: "string", minLength: 1 },
          exitCode: { type: "integer", minimum: 0, maximum: 255 },
          match: pattern,
        },
      }),
      title:
        "A command, as in command/run, whose exit code is this one (default: not 0) or whose output matches",
    },
    counter: {
      ...optional({
        required: ["on", "name"],
        properties: {
          on: { type: "string", minLength: 1 },
          name: { type: "string", pattern: "^[A-Za-z0-9]{1,80}$" },
          interface: { type: "string", pattern: "^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,14}$" },
          by: { type: "integer", minimum: 1, default: 1 },
        },
      }),
      title:
        "A counter that grows, on `node/NAME` or `ns/pod`: as nstat names it, or `rxDropped` of an `interface`; under " +
        "node/read or netns/read",
    },
    probe: {
      ...optional({
        required: ["from", "to"],
        properties: {
          from: { type: "string", minLength: 1 },
          to: { type: "string", minLength: 1 },
          kind: { enum: ["http", "tcp-connect", "ping"], default: "http" },
          httpPath: { type: "string", default: "/" },
          until: { enum: ["fails", "works"], default: "fails" },
          match: pattern,
        },
      }),
      title:
        "A probe from `ns/pod` or `node/NAME` to an address or pod with its port, whose outcome is this one; under " +
        "netns/probe and permissions.traffic",
    },
    event: {
      ...optional({
        properties: {
          namespace: { type: "string", pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" },
          type: { enum: ["Normal", "Warning"] },
          reason: { type: "string", pattern: "^[A-Za-z0-9]{1,128}$" },
          object: { type: "string", pattern: "^[A-Za-z]{1,63}/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$" },
          match: pattern,
        },
      }),
      title:
        "A new event of Kubernetes: of a `type`, `reason`, `object` (`Pod/NAME`), whose `REASON: MESSAGE` matches; under " +
        "permissions.kube, list of events",
    },
    at: {
      anyOf: [{ type: "string", minLength: 1 }, { type: "null" }],
      title: "A time: 2026-01-31T22:00:00Z",
    },
    every: {
      ...durationSchema,
      default: "1s",
      title: "How often commands, counters, probes and events are looked at",
    },
    timeout: { ...durationSchema, default: "10m", title: "How long to wait in all" },
    times: { type: "integer", minimum: 1, maximum: 20, default: 1, title: "At most so often" },
    cooldown: { ...durationSchema, default: "30s", title: "Between one time and the next" },
    freeze: {
      ...optional({
        required: ["capture"],
        properties: {
          capture: { type: "string" },
          last: { anyOf: [...durationSchema.anyOf, { type: "null" }], default: null },
        },
      }),
      title: "Then keep what the rings of this capture hold, each time, as capture/freeze does",
    },
  },
};
