/**
 * JSON Schemas of what steps hand to each other: the names in it go into commands, filters and paths of files, also where a
 * run is taken up again from what a node kept.
 */

const nodeName = { type: "string", pattern: "^(?!.*\\.\\.)[A-Za-z0-9][A-Za-z0-9._@+-]{0,252}$" } as const;
/** A node's, or `namespace/pod`. */
const targetName = {
  type: "string",
  pattern: "^(?!.*\\.\\.)[A-Za-z0-9][A-Za-z0-9._@+-]{0,252}(/[A-Za-z0-9][A-Za-z0-9._@+-]{0,252})?$",
} as const;
const interfaceName = {
  type: "string",
  pattern: "^[^-/\\s\\u0000-\\u001f\\u007f-\\u009f][^/\\s\\u0000-\\u001f\\u007f-\\u009f]{0,14}$",
} as const;
const address = { type: "string", pattern: "^[0-9A-Fa-f:.]{2,45}$" } as const;
const port = { type: ["integer", "null"], minimum: 0, maximum: 65_535 } as const;

const netns = {
  type: "object",
  required: ["kind"],
  properties: {
    kind: { enum: ["host", "own", "path"] },
    path: { type: "string", pattern: "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000-\\u001f]{0,1023}$" },
  },
} as const;

const encapsulation = {
  type: "object",
  required: ["kind"],
  properties: {
    kind: { type: "string", pattern: "^[a-z0-9-]{1,32}$" },
    port: { type: "integer", minimum: 0, maximum: 65_535 },
    vni: { type: "integer", minimum: 0, maximum: 0xff_ff_ff_ff },
    outer: { enum: [4, 6] },
    withinBytes: { type: "integer", minimum: 0, maximum: 1000 },
  },
} as const;

const end = {
  type: "object",
  required: ["kind", "text", "pod", "node", "ip", "port", "addresses", "netns"],
  properties: {
    pod: { anyOf: [targetName, { type: "null" }] },
    node: { anyOf: [nodeName, { type: "null" }] },
    target: targetName,
    ip: address,
    port,
    noService: { type: "string", maxLength: 1000 },
    addresses: {
      type: "array",
      maxItems: 10_000,
      items: { type: "object", required: ["ip", "port"], properties: { ip: address, port } },
    },
    netns: { anyOf: [netns, { type: "null" }] },
  },
} as const;

const hop = {
  type: "object",
  required: ["index", "id", "node", "role", "interface", "netns", "encapsulation", "evidence"],
  properties: {
    index: { type: "integer", minimum: 0, maximum: 1000 },
    id: { type: "string", pattern: "^(?!.*\\.\\.)[A-Za-z0-9][A-Za-z0-9._@+-]{0,299}$" },
    node: nodeName,
    target: targetName,
    role: { type: "string", pattern: "^[a-z0-9-]{1,64}$" },
    interface: interfaceName,
    netns,
    encapsulation,
  },
} as const;

/** Of one kind, handed to one step: a script could repeat one without end. */
export const MAX_OBJECTS = 512;

const hops = { type: "array", maxItems: 200, items: hop } as const;
const byNode = { type: "object", propertyNames: nodeName } as const;

export const pathSchema = {
  type: "object",
  required: ["from", "to", "recipe", "hops", "replyHops", "underlay", "tunnels", "notes"],
  properties: {
    from: end,
    to: end,
    hops,
    replyHops: { anyOf: [hops, { type: "null" }] },
    underlay: byNode,
    tunnels: byNode,
  },
} as const;

export const flowSchema = {
  type: "object",
  required: ["id", "path", "protocol", "probe"],
  properties: {
    id: { type: "string", pattern: "^[a-z0-9][a-z0-9-]{0,63}$" },
    path: pathSchema,
    protocol: { enum: ["icmp", "udp", "tcp"] },
    sizeBytes: { type: "integer", minimum: 84, maximum: 65_535 },
    oneWay: { const: true },
    probe: {
      enum: ["ping", "ping-large", "udp", "dns-udp", "dns-tcp", "tcp-connect", "http", "https", "tls", null],
    },
  },
} as const;

/** What a node has, by its name or by that of the pod which alone can be entered. */
export const toolsSchema = {
  type: "object",
  propertyNames: targetName,
  additionalProperties: {
    type: "object",
    properties: {
      workDir: { type: "string", pattern: "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000-\\u001f]{0,1023}$" },
    },
  },
} as const;

/** What a step takes of the steps before it. */
export const pathList = {
  ...{ type: "array", maxItems: MAX_OBJECTS, items: pathSchema },
  title: "Paths, from path/discover",
} as const;
export const flowList = {
  ...{ type: "array", maxItems: MAX_OBJECTS, items: flowSchema },
  title: "Flows, from flow/define",
} as const;
