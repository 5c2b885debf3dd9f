/** A moment since 1970, whole: a double has no room for seconds and nanoseconds together. */
export interface ExactTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export type PacketDirection = "in" | "out";

/**
 * A capture file of any kind as a cursor, front to back in flat memory: `next()` moves to the next record, and the
 * fields describe that record until the next call. `bytes` is a view of the reader's own buffer, so whatever
 * outlives the next call has to be copied.
 */
export interface CaptureReader {
  readonly file: string;
  /** The buffer in which the record's bytes stand from `at` to `at + capturedBytes`. */
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly capturedBytes: number;
  /** Length on the wire, link header included. */
  readonly wireBytes: number;
  /** Microseconds since 1970, an exact integer below a finer format's fraction. */
  readonly timeUs: number;
  /** 1-based, as Wireshark counts. */
  readonly frame: number;
  /** Of the record: https://www.tcpdump.org/linktypes.html. -1 before the first one of a file that says it a record. */
  readonly linktype: number;
  /** So much of each packet was kept, as the file says before its first one; 0: all of it. */
  readonly snaplenBytes: number;
  /** The device that the file says the record was captured on; null where it says none. */
  readonly interface: string | null;
  /** The same by its number within the file, from 0; -1 where the file has no list of devices. */
  readonly interfaceIndex: number;
  /** Where the record stands in the file, for `seek`. */
  readonly recordOffset: number;
  /** The file ends within a record; `truncatedBytes` of it were left. */
  readonly truncated: boolean;
  readonly truncatedBytes: number;

  /** Moves to the next record; false at the end. Throws EVIDENCE_INVALID where the file is damaged from there on. */
  next(): boolean;
  /** Moves to the record that stands at an offset, as `recordOffset` gave it. */
  seek(recordOffset: number): boolean;
  /** Of the record. */
  time(): ExactTime;
  /** Whether the file says that the record came in by its device, or went out; null where it says neither. */
  direction(): PacketDirection | null;
  close(): void;
}
