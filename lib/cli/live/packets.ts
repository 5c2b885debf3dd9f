import { open, stat } from "node:fs/promises";
import { HopbookError } from "../../errors.js";
import { unwritable } from "../../files/failure.js";
import type { LiveView } from "../../model/live/view.js";
import { visible } from "../../model/visible.js";
import type { CommandIo } from "../io.js";
import { stopUnheard } from "../signals.js";
import type { Terminal } from "../terminal.js";
import { watchPoints } from "./points.js";

/** How a run's packets are shown while it goes on. */
export interface ShownPackets {
  /** `-`: as pcapng to stdout; a file; null: nowhere. */
  readonly packets: string | null;
  /** As lines to stdout. */
  readonly print: boolean;
}

interface LivePackets {
  readonly view: LiveView | null;
  /** For the running line of a terminal: what each point captures. */
  readonly lines: () => readonly string[];
  /** With what is said to people where that does not stand between the packets. */
  readonly io: CommandIo;
  close(): Promise<void>;
}

/**
 * Shows a run's packets as they are wanted, and what each point captures where the run lasts. Throws USAGE where stdout is a terminal or asked for twice,
 * ARTIFACTS_UNWRITABLE where the file cannot be made or is there.
 */
export async function openLivePackets(
  { packets, print }: ShownPackets,
  io: CommandIo,
  runId: string,
): Promise<LivePackets> {
  if (packets === "-" && print) {
    throw new HopbookError("USAGE", "Cannot print lines between packets: both are to go to stdout", {
      hint: "Leave --print out, or write the packets to a file: -o FILE.pcapng",
    });
  }
  const { joinViews, makeLineWriter, makeLiveStream, makePcapngWriter, openLiveOutput } =
    await import("../../api/live.js");
  const { terminal } = io;
  const onNote = (level: "info" | "warn", text: string): void =>
    terminal.err(`  ${level === "warn" ? "!" : terminal.unicode ? "·" : "-"} ${visible(text)}\n`);
  const onClosed = (): void => void stopUnheard();
  const views: LiveView[] = [];
  const file = packets === null || packets === "-" ? null : await openFile(packets);
  if (packets !== null) {
    const output = openLiveOutput(file?.fd ?? pipeOf(terminal), onClosed);
    views.push(makeLiveStream({ output, writer: makePcapngWriter("hopbook", `run ${runId}`), onNote }));
  }
  if (print && terminal.stdout !== undefined) {
    const output = openLiveOutput(terminal.stdout.fd, onClosed);
    views.push(makeLiveStream({ output, writer: makeLineWriter(terminal), onNote }));
  }
  const quiet = beside(terminal, { packets, print });
  const points = await watchPoints(quiet);
  return {
    view: joinViews([...views, points.view]),
    lines: points.lines,
    io: { ...io, terminal: quiet },
    close: async () => {
      points.stop();
      await file?.close();
    },
  };
}

/** The terminal for all that is no packet. */
function beside(terminal: Terminal, { packets, print }: ShownPackets): Terminal {
  // A line that is drawn again and again would be drawn between the packets' lines.
  if (print) return { ...terminal, live: undefined };
  return packets === "-" ? { ...terminal, out: (text) => terminal.err(text) } : terminal;
}

function pipeOf({ stdout }: Terminal): number {
  if (stdout !== undefined && !stdout.isTerminal) return stdout.fd;
  throw new HopbookError("USAGE", "Cannot write packets to a terminal", {
    hint: "Pipe them: hopbook capture … -o - | tshark -r -; or see them as lines with --print",
  });
}

async function openFile(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    // A pipe of somebody's who reads it.
    const isPipe = (await stat(path).catch(() => null))?.isFIFO() === true;
    return await open(path, isPipe ? "w" : "wx", 0o600);
  } catch (error) {
    throw unwritable(path, error, { what: "packets to", elsewhere: "a file that is not there yet" });
  }
}

/** Throws USAGE where packets were to be shown by nobody. */
export function refuseDetachedPackets({ packets, print }: ShownPackets): void {
  if (packets === null && !print) return;
  throw new HopbookError("USAGE", "Cannot show packets of captures that go on without this client", {
    hint: "Leave --detach out, or --output and --print: hopbook collect brings their files",
  });
}
