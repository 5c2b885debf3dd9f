/** Name servers behind the script that asks them, as a node would print what they say. */

/** By name, in lower case; `silent`: nothing comes back; a number: that rcode. */
export type Zone = Readonly<Record<string, readonly string[] | "silent" | "cut" | number>>;

const V4 = /^\d+(\.\d+){3}$/;

/** What the script prints for the queries behind its first words. */
export function sayNames(payloads: readonly string[], zone: Zone): string {
  const lines = payloads.map((payload, index) => {
    const query = Buffer.from(payload.replaceAll("\\x", ""), "hex");
    const reply = answer(query, zone);
    const said = reply === null ? "- none -" : `900 reply ${reply.toString("hex")}`;
    return `attempt ${index + 1} 1700000000000000 40000 ${said} `;
  });
  return ["way bash", ...lines, "done", ""].join("\n");
}

/** The whole name that a query asks for. */
export function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12, length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString("latin1"));
    at += length + 1;
  }
  return labels.join(".");
}

function answer(query: Buffer, zone: Zone): Buffer | null {
  const said = zone[nameIn(query)] ?? 3;
  if (said === "silent") return null;
  const hasRoom = query.readUInt16BE(10) === 1;
  const type = query.readUInt16BE(query.length - (hasRoom ? 15 : 4));
  const addresses = typeof said === "object" ? said : said === "cut" ? ["10.0.0.1"] : [];
  const records = addresses
    .filter((ip) => V4.test(ip) === (type === 1))
    .map((ip) => {
      const bytes = V4.test(ip)
        ? ip.split(".").map(Number)
        : [0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), 7];
      return Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length, ...bytes]);
    });
  const reply = Buffer.concat([hasRoom ? query.subarray(0, -11) : query, ...records]);
  reply.writeUInt16BE(0, 10);
  const isCut = said === "cut" && !hasRoom;
  reply.writeUInt16BE(0x8180 | (isCut ? 0x0200 : 0) | (typeof said === "number" ? said : 0), 2);
  reply.writeUInt16BE(records.length, 6);
  return reply;
}
