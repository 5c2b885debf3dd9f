import t from "tap";
import { wornBy } from "../../lib/wire/registry.js";
import { ethernet } from "../capture/packets.js";
import { greHeader } from "./gre.js";
import { chooseAlike, real, type HeldFormat, type Wrapping } from "./held.js";

const [FIRST_AND_SECOND, THIRD] = [0x88be, 0x22eb];

function wrap(session: number, inner: Buffer, change = ""): Wrapping {
  const frame = ethernet(inner);
  const put = (type: number, sequence: number | undefined, header: readonly number[]): Wrapping => ({
    protocol: 47,
    body: Buffer.concat([
      greHeader({ type, ...(sequence === undefined ? {} : { sequence }) }),
      Buffer.from(header),
      frame,
    ]),
  });
  const third = [0x20, 1, session >> 8, session & 0xff, 1, 2, 3, 4, 0, 0, 0];
  if (change === "version I") return put(FIRST_AND_SECOND, undefined, []);
  if (change === "version III") return put(THIRD, 9, [...third, 0]);
  if (change === "version III with more of its platform")
    return put(THIRD, 9, [...third, 1, ...new Array<number>(8).fill(7)]);
  const shown = change === "another session" ? session + 1 : session;
  return put(FIRST_AND_SECOND, 9, [0x10, 1, 0xfc | (shown >> 8), shown & 0xff, 0, 0, 0, 5]);
}

const format: HeldFormat = {
  worn: (outer) => ({ kind: "erspan", vni: 100, outer }),
  wrap: (inner, _worn, change) => wrap(100, inner, change),
  same: [],
  other: ["another session"],
  unfiltered: ["version III", "version III with more of its platform"],
};

t.test("ERSPAN: filter and dissector choose the same packets, those of the flow", real, (t) => {
  chooseAlike(t, format);
  t.end();
});

t.test("ERSPAN: without a session all are taken, and the first version has none", real, (t) => {
  chooseAlike(t, {
    ...format,
    worn: (outer) => ({ kind: "erspan", outer }),
    ...{ same: ["another session"], other: [], unfiltered: [...(format.unfiltered ?? []), "version I"] },
  });
  t.end();
});

t.test("ERSPAN: the filter is for the version that is usual", (t) => {
  const link = (data: Record<string, unknown>) => wornBy({ kind: "erspan", data }, 4);
  t.strictSame(link({}), { kind: "erspan", outer: 4 });
  t.strictSame(link({ erspan_ver: 1 }), { kind: "erspan", outer: 4 });
  t.equal(link({ erspan_ver: 2 }), null);
  t.end();
});
