import t from "tap";
import { bytesOf, containsIp, formatBytes, parsePrefix } from "../../../lib/linux/address.js";
import { AddressMapper, bytesOfWord, wordOf } from "../../../lib/share/mapping/addresses.js";
import { fc } from "../../fixtures/property.js";

const SECRET = Buffer.alloc(32, 7);
const four = fc.uint8Array({ minLength: 4, maxLength: 4 });
const six = fc.uint8Array({ minLength: 16, maxLength: 16 });
const map = (text: string, mapper = new AddressMapper(SECRET)): string => {
  const bytes = Uint8Array.from(bytesOf(text) ?? []);
  const image = bytes.length === 4 ? bytesOfWord(mapper.map4(wordOf(bytes))) : mapper.map6(bytes);
  return formatBytes([...image]) ?? "";
};
const sharedBits = (one: Uint8Array, other: Uint8Array): number => {
  for (let bit = 0; bit < one.length * 8; bit++)
    if ((((one[bit >> 3]! ^ other[bit >> 3]!) >> (7 - (bit & 7))) & 1) === 1) return bit;
  return one.length * 8;
};

t.test("an image leads back to its address, by another mapper of the same key", async () => {
  fc.assert(
    fc.property(four, (bytes) => {
      const word = wordOf(bytes);
      return new AddressMapper(SECRET).unmap4(new AddressMapper(SECRET).map4(word)) === word;
    }),
  );
  fc.assert(
    fc.property(six, (bytes) => {
      const back = new AddressMapper(SECRET).unmap6(new AddressMapper(SECRET).map6(bytes));
      return Buffer.from(back).equals(bytes);
    }),
  );
});

t.test("two addresses share as many bits as their images do", async () => {
  const mapper = new AddressMapper(SECRET);
  const near = (bytes: Uint8Array, bit: number): Uint8Array => {
    const other = Uint8Array.from(bytes);
    other[bit >> 3]! ^= 0x80 >> (bit & 7);
    return other;
  };
  fc.assert(
    fc.property(four, fc.nat(31), (bytes, bit) => {
      const other = near(bytes, bit);
      const images = [bytes, other].map((one) => bytesOfWord(mapper.map4(wordOf(one))));
      return sharedBits(images[0]!, images[1]!) === sharedBits(bytes, other);
    }),
  );
  fc.assert(
    fc.property(six, fc.nat(127), (bytes, bit) => {
      // Multicast stays, and what embeds an IPv4 address follows that.
      const one = Uint8Array.from(bytes);
      one[0] = 0x20;
      const other = near(one, Math.max(bit, 3));
      return sharedBits(mapper.map6(one), mapper.map6(other)) === sharedBits(one, other);
    }),
  );
});

t.test("what lies in a range of a meaning of its own stays in it", async (t) => {
  for (const [range, address] of [
    ["10.0.0.0/8", "10.244.1.7"],
    ["172.16.0.0/12", "172.31.255.254"],
    ["192.168.0.0/16", "192.168.174.129"],
    ["100.64.0.0/10", "100.100.3.4"],
    ["169.254.0.0/16", "169.254.7.7"],
    ["2000::/3", "2a01:4f8::1"],
    ["fd00::/8", "fd12:3456::9"],
    ["fe80::/64", "fe80::1234:5678:9abc:def0"],
  ] as const) {
    const image = map(address);
    t.ok(containsIp(parsePrefix(range)!, image), `${address} -> ${image}`);
    t.not(image, address);
  }
  for (const same of [
    ...["0.0.0.0", "127.0.0.1", "127.9.9.9", "169.254.1.1", "169.254.169.254", "224.0.0.251", "239.1.2.3"],
    ...["255.255.255.255", "::", "::1", "ff02::1", "ff05::2", "fe80::ecee:eeff:feee:eeee"],
  ])
    t.equal(map(same), same);
});

t.test("addresses within addresses are the mapped ones", async (t) => {
  const image = map("10.77.0.11");
  t.equal(map("::ffff:10.77.0.11"), formatBytes(bytesOf(`::ffff:${image}`) ?? []));
  t.equal(map("64:ff9b::10.77.0.11"), formatBytes(bytesOf(`64:ff9b::${image}`) ?? []));
  const mapper = new AddressMapper(SECRET);
  const target = bytesOf(map("fd00::12:3456", mapper)) ?? [];
  const solicited = bytesOf(map("ff02::1:ff12:3456", mapper)) ?? [];
  t.strictSame(solicited.slice(13), target.slice(13), "the last three bytes of the one that is asked for");
});

t.test("another key, other images", async (t) => {
  t.not(map("10.77.0.11", new AddressMapper(Buffer.alloc(32, 8))), map("10.77.0.11"));
});

t.test("a network that stays by chance what it was makes a mapping ambiguous", async (t) => {
  const own = "192.168.218.64";
  const bytes = Uint8Array.from(bytesOf(own) ?? []);
  const stays = (mapper: AddressMapper): boolean =>
    formatBytes([...mapper.mapNetwork(bytes, 26, `${own}/26`)]) === own;
  const secrets = Array.from({ length: 20_000 }, (_, at) => Buffer.from(String(at).padStart(32, "k")));
  const secret = secrets.find((one) => stays(new AddressMapper(one)));
  if (secret === undefined) throw new Error("No key leaves it as it is");
  const mapper = new AddressMapper(secret);
  t.ok(stays(mapper));
  t.equal(mapper.isAmbiguous(), true, "the address of its first device would be left in it");
  const fixed = new AddressMapper(secret);
  for (const [network, bits] of [
    ["0.0.0.0", 0],
    ["10.0.0.0", 8],
    ["192.168.0.0", 16],
    ["127.0.0.0", 8],
    ["224.0.0.0", 4],
    ["fe80::", 64],
    ["ff00::", 8],
    ["127.1.0.0", 16],
    ["239.1.2.0", 24],
    ["ff02::1", 128],
    ["::ffff:0:0", 96],
  ] as const)
    fixed.mapNetwork(Uint8Array.from(bytesOf(network) ?? []), bits, `${network}/${bits}`);
  t.equal(fixed.isAmbiguous(), false, "what means the same everywhere stays");
});

t.test("a network that becomes what another one, or an address, was makes a mapping ambiguous", async (t) => {
  const [own, other] = ["192.168.218.64", "192.168.174.128"];
  const bytes = Uint8Array.from(bytesOf(own) ?? []);
  const meets = (mapper: AddressMapper): boolean =>
    formatBytes([...mapper.mapNetwork(bytes, 26, `${own}/26`)]) === other;
  const secrets = Array.from({ length: 20_000 }, (_, at) => Buffer.from(String(at).padStart(32, "k")));
  const secret = secrets.find((one) => meets(new AddressMapper(one)));
  if (secret === undefined) throw new Error("No key maps the one to the other");
  const mapper = new AddressMapper(secret);
  meets(mapper);
  t.equal(mapper.isAmbiguous(), false, "the other one is not of this run");
  mapper.map4(wordOf(Uint8Array.from(bytesOf(other) ?? [])));
  t.equal(mapper.isAmbiguous(), true);
  const networks = new AddressMapper(secret);
  meets(networks);
  networks.mapNetwork(Uint8Array.from(bytesOf(other) ?? []), 26, `${other}/26`);
  t.equal(networks.isAmbiguous(), true);
});
