import t from "tap";
import { MacTexts } from "../../../../lib/analysis/follow/tables/mac-texts.js";

t.test("MAC addresses as text; each is made once, up to a bound", async (t) => {
  const macs = new MacTexts();
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  const textOf = (number: number): readonly [string] => {
    view.setUint32(4, number);
    return macs.at(bytes, 2);
  };
  t.strictSame(textOf(0x0a0b0c0d), ["00:00:0a:0b:0c:0d"]);
  t.equal(textOf(0x0a0b0c0d), textOf(0x0a0b0c0d));
  for (let number = 0; number < 5000; number++) textOf(number);
  t.strictSame(textOf(4999), ["00:00:00:00:13:87"]);
  t.not(textOf(4999), textOf(4999), "no room is left");
});
