import t from "tap";
import { fc } from "../fixtures/property.js";
import { GrowingBuffer } from "../../lib/process/growing-buffer.js";

t.test("what goes in comes out, in any pieces", async () => {
  const step = fc.oneof(fc.uint8Array({ maxLength: 9000 }), fc.nat(9000));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const buffer = new GrowingBuffer();
      let wanted = Buffer.alloc(0);
      return steps.every((step) => {
        if (typeof step !== "number") {
          buffer.append(Buffer.from(step));
          wanted = Buffer.concat([wanted, step]);
        } else {
          const count = Math.min(step, wanted.length);
          if (!buffer.take(count).equals(wanted.subarray(0, count))) return false;
          wanted = wanted.subarray(count);
        }
        return buffer.length === wanted.length && buffer.view().equals(wanted);
      });
    }),
  );
});
