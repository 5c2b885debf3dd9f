import { dissectFrame } from "../analysis/dissect/dissect.js";
import { Packet } from "../analysis/dissect/packet.js";
import { summarise } from "../analysis/dissect/summarise.js";
import type { LiveMark } from "../model/live/view.js";
import { visible } from "../model/visible.js";
import { fitColumns, measureColumns } from "../text/columns.js";
import { makePaint, type Style } from "../text/paint.js";
import { USUAL_OPENERS } from "../wire/open.js";
import { describePayload } from "./payload.js";
import type { LiveWriter } from "./pcapng-writer.js";

/** Of a point, by the order in which points are opened. */
const STYLES: readonly Style[] = ["cyan", "green", "yellow", "magenta", "blue", "red"];
const WIDEST_NAME = 48;
const NOTHING = new Uint8Array();

/** A line for each packet: when (UTC), where, and what it is, within tunnels as well. */
export function makeLineWriter({ color }: { readonly color: boolean }): LiveWriter {
  const paint = makePaint(color);
  const points: { readonly name: string; readonly linktype: number; readonly style: Style }[] = [];
  const packet = new Packet();
  let width = 0;
  const sayMarks = (marks: readonly LiveMark[]): string =>
    marks.map(({ timeMs, text }) => `${paint("dim", timeOf(timeMs * 1000))}  ${visible(text)}\n`).join("");
  return {
    begin: () => NOTHING,
    open(index, { point, header }) {
      const name = visible(point.name);
      width = Math.min(WIDEST_NAME, Math.max(width, measureColumns(name)));
      points[index] = { name, linktype: header.linktype, style: STYLES[index % STYLES.length] ?? "cyan" };
      return NOTHING;
    },
    packet(index, { timeUs, bytes }, marks) {
      const point = points[index];
      if (point === undefined) return NOTHING;
      const frame = { at: 0, capturedBytes: bytes.length, linktype: point.linktype };
      dissectFrame(bytes, frame, { tunnels: USUAL_OPENERS }, packet);
      const summary = summarise(packet, bytes);
      const payload = describePayload(packet, bytes);
      const what = visible(payload === "" ? summary : `${summary}: ${payload}`);
      const where = paint(point.style, fitColumns(point.name, width));
      return Buffer.from(`${sayMarks(marks)}${paint("dim", timeOf(timeUs))}  ${where}  ${what}\n`);
    },
    counts: (_index, { marks }) => (marks.length === 0 ? NOTHING : Buffer.from(sayMarks(marks))),
  };
}

/** `17:21:03.123456`, UTC. */
function timeOf(timeUs: number): string {
  const date = new Date(timeUs / 1000);
  // Of a capture that lies about its times.
  if (Number.isNaN(date.getTime())) return "--:--:--.------";
  return `${date.toISOString().slice(11, 19)}.${String(Math.floor(timeUs % 1e6)).padStart(6, "0")}`;
}
