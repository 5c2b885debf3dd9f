import { open } from "node:fs/promises";
import { HopbookError, messageOf } from "../errors.js";
import type { LiveView } from "../model/live/view.js";
import type { CommandIo } from "./io.js";
import { stopUnheard } from "./signals.js";

interface LivePackets {
  readonly view: LiveView;
  /** With what is said to people where that does not stand between the packets. */
  readonly io: CommandIo;
  close(): Promise<void>;
}

/**
 * Where a run's packets go while it goes on: `-` or a file; null: nowhere. Throws USAGE where stdout is a
 * terminal, ARTIFACTS_UNWRITABLE where the file cannot be made or is there.
 */
export async function openLivePackets(
  packets: string | null,
  io: CommandIo,
  runId: string,
): Promise<LivePackets | null> {
  if (packets === null) return null;
  const { makeLiveStream, makePcapngWriter, openLiveOutput } = await import("../api/live.js");
  const { terminal } = io;
  const file = packets === "-" ? null : await openFile(packets);
  const fd = file?.fd ?? fdOf(io);
  const writer = makePcapngWriter("hopbook", `run ${runId}`);
  const view = makeLiveStream({
    ...{ output: openLiveOutput(fd, () => void stopUnheard()), writer },
    onNote: (level, text) =>
      terminal.err(`  ${level === "warn" ? "!" : terminal.unicode ? "·" : "-"} ${text}\n`),
  });
  const quiet =
    file === null ? { ...io, terminal: { ...terminal, out: (text: string) => terminal.err(text) } } : io;
  return { view, io: quiet, close: async () => file?.close() };
}

function fdOf({ terminal }: CommandIo): number {
  const { stdout } = terminal;
  if (stdout !== undefined && !stdout.isTerminal) return stdout.fd;
  throw new HopbookError("USAGE", "Cannot write packets to a terminal", {
    hint: "Pipe them: hopbook capture … -o - | tshark -r -; or see them as lines with --print",
  });
}

async function openFile(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(path, "wx", 0o600);
  } catch (error) {
    throw new HopbookError("ARTIFACTS_UNWRITABLE", `Cannot write packets to ${path}: ${messageOf(error)}`, {
      hint: "Name a file that is not there yet",
    });
  }
}

/** Throws USAGE where packets were to be shown by nobody. */
export function refuseDetachedPackets(packets: string | null): void {
  if (packets === null) return;
  throw new HopbookError("USAGE", "Cannot show packets of captures that go on without this client", {
    hint: "Leave --detach out, or --output: hopbook collect brings their files",
  });
}
