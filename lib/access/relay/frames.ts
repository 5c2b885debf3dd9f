import { GrowingBuffer } from "../../process/growing-buffer.js";

/** A command's end as its relay tells it. */
export interface RelayFrame {
  readonly id: number;
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

interface FrameReader {
  /** Throws RangeError where what came is no frame: the relay cannot be used any more. */
  push(chunk: Buffer): void;
}

const HEADER = /^hopbook-relay (?:(ready)|(\d{1,9}) (\d{1,3}) (\d{1,10}) (\d{1,10}))$/;
const MAX_HEADER_BYTES = 100;
const NEWLINE = 0x0a;

/** Reads a relay's stdout: a line with an id, an exit code and two lengths, and then as many bytes. */
export function createFrameReader(on: {
  readonly ready: () => void;
  readonly frame: (frame: RelayFrame) => void;
  /** The most that a command was to print, on either output: more in a frame is no frame of ours. */
  readonly maxBytes: () => number;
}): FrameReader {
  const waiting = new GrowingBuffer();
  let wanted:
    { readonly head: RegExpExecArray; readonly outBytes: number; readonly errBytes: number } | undefined;

  const takeHeader = (): boolean => {
    const end = waiting.view().indexOf(NEWLINE);
    if (end === -1) {
      if (waiting.length > MAX_HEADER_BYTES) throw new RangeError("the relay's header has no end");
      return false;
    }
    const head = HEADER.exec(waiting.view().subarray(0, end).toString("latin1"));
    if (head === null) throw new RangeError("what came is no header of the relay");
    waiting.take(end + 1);
    if (head[1] !== undefined) {
      on.ready();
      return true;
    }
    wanted = { head, outBytes: Number(head[4]), errBytes: Number(head[5]) };
    if (Math.max(wanted.outBytes, wanted.errBytes) > on.maxBytes())
      throw new RangeError("the relay's frame is too long");
    return true;
  };
  const takeBody = ({ head, outBytes, errBytes }: NonNullable<typeof wanted>): boolean => {
    if (waiting.length < outBytes + errBytes) return false;
    wanted = undefined;
    const body = waiting.take(outBytes + errBytes);
    on.frame({
      id: Number(head[2]),
      exitCode: Number(head[3]),
      stdout: body.subarray(0, outBytes),
      stderr: body.subarray(outBytes),
    });
    return true;
  };
  return {
    push: (chunk) => {
      waiting.append(chunk);
      for (let more = true; more && (waiting.length > 0 || wanted !== undefined);) {
        more = wanted === undefined ? takeHeader() : takeBody(wanted);
      }
    },
  };
}
