/** What the steps of hosts take. */
export const hostsSchema = {
  type: "array",
  maxItems: 16,
  items: { type: "string", pattern: "^[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,253}$" },
  title: "Names as a program in the pod has them, or addresses",
} as const;

export const fromPodsSchema = {
  type: "array",
  maxItems: 1000,
  default: [],
  items: {
    anyOf: [
      { type: "string", minLength: 1 },
      {
        type: "object",
        required: ["pod"],
        properties: { pod: { type: "string", minLength: 1 }, sandbox: { type: ["string", "null"] } },
      },
    ],
  },
  title:
    "Whose resolvers are asked: `ns/pod`, or pods of pod/locate; at most four, of each namespace one first",
} as const;

export const fromNodesSchema = {
  type: "array",
  maxItems: 1000,
  default: [],
  items: { type: "string", minLength: 1 },
  title: "Nodes whose own resolvers are asked, where no pods are given",
} as const;

export const baseFilterSchema = {
  type: "string",
  default: "",
  title: "A tcpdump expression that has to fit as well; empty for all packets of the hosts",
} as const;
