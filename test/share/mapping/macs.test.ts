import t from "tap";
import { MacMapper } from "../../../lib/share/mapping/macs.js";
import { fc } from "../../fixtures/property.js";

const SECRET = Buffer.alloc(32, 7);
const mapper = (): MacMapper => new MacMapper(SECRET, (low) => Uint8Array.from(low, (byte) => byte ^ 0xff));
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) =>
    Buffer.from(Uint8Array.from(bytes, (byte, index) => (index === 0 ? byte & 0xfe : byte))).toString("hex"),
  );

t.test("an image leads back, and keeps whether it is a group's and who gave it", async () => {
  const one = mapper();
  fc.assert(
    fc.property(mac, (original) => {
      const image = one.map(original);
      const bits = (text: string): number => Number.parseInt(text.slice(0, 2), 16) & 3;
      return mapper().unmap(image) === original && bits(image) === bits(original);
    }),
  );
});

t.test("groups and nobody's own stay; those that ask for an address follow it", async (t) => {
  for (const same of ["ffffffffffff", "01005e0000fb", "333300000001", "eeeeeeeeeeee", "000000000000"])
    t.equal(mapper().map(same), same);
  t.equal(mapper().map("3333ff123456"), "3333ffedcba9");
});
