import t from "tap";
import { ROWS, selectRows } from "./matrix-rows.js";

t.test("rows are chosen by name, and a selection that is empty throws", async (t) => {
  t.equal(selectRows(""), ROWS);
  t.strictSame(
    selectRows("mtu-hole, none").map(({ fault }) => fault),
    [null, "mtu-hole"],
  );
  t.throws(() => selectRows("mtu-hole,mtu"), { message: /no row "mtu": it has none, forward-drop-a, / });
});
