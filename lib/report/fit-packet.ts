import { fitColumns, measureColumns } from "../text/columns.js";

/**
 * A packet's words within so many columns: sequence numbers go first, since ports and flags say more. Cut only
 * where that is not enough.
 */
export function fitPacket(summary: string, columns: number, mark = "…"): string {
  const drops = [/ ack \d+/, / seq \d+(?= len)/, / len 0(?=,)/, /, \d+ B$/];
  let text = summary;
  for (const drop of drops) {
    if (measureColumns(text) <= columns) break;
    text = text.replace(drop, "");
  }
  return fitColumns(text, columns, mark).trimEnd();
}
