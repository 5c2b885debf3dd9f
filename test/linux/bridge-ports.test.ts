import t from "tap";
import { readBridgePort } from "../../lib/linux/bridge-ports.js";

t.test("a port of a bridge, as ip and bridge print it", async (t) => {
  const printed = { state: "forwarding", hairpin: true, learning: false, neigh_suppress: "on" };
  t.match(readBridgePort("veth1", printed), {
    ...{ name: "veth1", state: "forwarding", hairpin: true, learning: false },
    ...{ flood: true, isolated: false, suppressesNeighbours: true },
  });
  t.match(readBridgePort("veth2", { state: "disabled", hairpin: "off", isolated: 0 }), {
    ...{ state: "disabled", hairpin: false, learning: true, isolated: false },
  });
  t.match(readBridgePort("veth3", { isolated: 1 }), { state: null, isolated: true });
});
