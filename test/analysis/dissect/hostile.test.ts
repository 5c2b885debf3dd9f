import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { summarise } from "../../../lib/analysis/dissect/summarise.js";
import { dissectFrame } from "../../../lib/analysis/dissect/dissect.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { HopbookError } from "../../../lib/errors.js";
import { openCapture } from "../../../lib/packets/open.js";
import { USUAL_OPENERS } from "../../../lib/wire/open.js";
import { beginComputing } from "../../fixtures/patience.js";
import { fc } from "../../fixtures/property.js";
import { makeCorpus } from "./corpus.js";

const RUNS = 300;
/** What takes longer reads the same bytes again and again. */
const MOST_MS = 20_000;

const corpus = makeCorpus();

t.test(
  "captures of all kinds with bytes changed and cut: read to their end, or to an error of ours",
  async (t) => {
    const path = join(t.testdir(), "capture");
    const computedMs = beginComputing();
    let frames = 0;
    const edits = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 30 });
    fc.assert(
      fc.property(fc.constantFrom(...corpus), edits, fc.nat(6000), ({ bytes }, changes, length) => {
        const copy = Buffer.from(bytes).subarray(0, Math.max(24, length));
        // Behind the file's header, which has tests of its own.
        for (const [at, value] of changes) if (at + 24 < copy.length) copy[at + 24] = value;
        writeFileSync(path, copy);
        const reader = openCapture(path);
        const packet = new Packet();
        try {
          while (reader.next()) {
            dissectFrame(reader.bytes, reader, { tunnels: USUAL_OPENERS }, packet);
            const end = reader.at + reader.capturedBytes;
            if (packet.end > end || summarise(packet, reader.bytes).length > 400) return false;
            frames++;
          }
        } catch (error) {
          if (!(error instanceof HopbookError)) throw error;
        } finally {
          reader.close();
        }
        return true;
      }),
      { numRuns: RUNS },
    );
    t.ok(frames > RUNS, `${frames} frames`);
    t.ok(computedMs() < MOST_MS);
  },
);
