import t from "tap";
import { fc } from "../fixtures/property.js";
import { GrowingBuffer, Tail } from "../../lib/process/growing-buffer.js";

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

t.test("of what comes the end is kept", async () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 })),
      fc.integer({ min: 1, max: 60 }),
      (chunks, most) => {
        const tail = new Tail(most);
        for (const chunk of chunks) tail.push(Buffer.from(chunk));
        return tail.bytes().equals(Buffer.concat(chunks).subarray(-most));
      },
    ),
  );
});
