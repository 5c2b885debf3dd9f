import t from "tap";
import { askNodeAddress } from "../../../lib/cluster/ends/node-address.js";
import { replayNode, type Recorded } from "../../fixtures/nodes/replay.js";

const UNREACHABLE: Recorded = { stderr: "RTNETLINK answers: Network is unreachable", exitCode: 2 };
const answer = (dst: string, prefsrc: string): string => JSON.stringify([{ dst, dev: "eth0", prefsrc }]);

t.test("a node's address is that of its default route, IPv4's first", async (t) => {
  const ask = async (four: Recorded | string, six: Recorded | string): Promise<string> =>
    askNodeAddress(
      replayNode("n", { "ip -j route get 192.0.2.1": four, "ip -j route get 2001:db8::1": six }),
    );
  const [four, six] = [answer("192.0.2.1", "10.0.0.2"), answer("2001:db8::1", "FD00:0::2")];
  t.strictSame([await ask(four, six), await ask(UNREACHABLE, six)], ["10.0.0.2", "fd00::2"]);
  await t.rejects(ask(UNREACHABLE, UNREACHABLE), { code: "TARGET_NOT_FOUND", hint: /into the profile/ });
  await t.rejects(ask("[]", UNREACHABLE), { code: "TARGET_NOT_FOUND" });
});
