const address = { type: "string", pattern: "^[0-9A-Fa-f:.]{2,45}$" } as const;

export const namesSchema = {
  type: "array",
  minItems: 1,
  maxItems: 12,
  items: { type: "string", pattern: "^[A-Za-z0-9_*]([A-Za-z0-9_.-]{0,252})$" },
} as const;

export const serversSchema = {
  type: "array",
  maxItems: 8,
  items: {
    type: "object",
    required: ["ip", "role", "service", "endpoints"],
    properties: {
      ip: address,
      role: { enum: ["nameserver", "reference"] },
      service: { type: ["string", "null"], maxLength: 400 },
      device: { type: ["string", "null"], maxLength: 15 },
      unread: { type: "string", maxLength: 2000 },
      endpoints: { type: "array", maxItems: 16, items: address },
    },
  },
} as const;
