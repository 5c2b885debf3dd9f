import t from "tap";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GENEVE_LINK } from "../../lib/lab/carriage/geneve-program.js";
import { renderShownLinks } from "../../lib/lab/carriage/shown-links.js";
import { parseLinks } from "../../lib/linux/links.js";
import { wornBy } from "../../lib/wire/registry.js";

const TAP = `{"ifindex":2,"ifname":"gnv","linkinfo":{"info_kind":"tun","info_data":{"type":"tap","pi":false}},"addr_info":[]}`;
const VETH = `{"ifindex":3,"ifname":"eth0","linkinfo":{"info_kind":"veth"},"addr_info":[]}`;

t.test("a program's device is shown as the kernel's, and nothing else is touched", async (t) => {
  const dir = t.testdir();
  const [real, shown] = [join(dir, "real"), join(dir, "ip")];
  writeFileSync(real, `#!/bin/sh\n[ "$1" != bad ] || { echo no >&2; exit 2; }\necho '[${TAP},${VETH}]'\n`);
  writeFileSync(shown, renderShownLinks(real, GENEVE_LINK));
  for (const file of [real, shown]) chmodSync(file, 0o755);
  const [tunnel, nic] = parseLinks(
    execFileSync(shown, ["-d", "-j", "address", "show"], { encoding: "utf8" }),
  );
  t.equal(tunnel?.kind, "geneve");
  t.strictSame(tunnel && wornBy(tunnel, 4), { kind: "geneve", port: 6081, outer: 4 });
  t.equal(nic?.kind, "veth");
  const plain = spawnSync(shown, ["-j", "address"], { encoding: "utf8" });
  t.equal(plain.stdout, `[${TAP},${VETH}]\n`, "without details nothing is read");
  const bad = spawnSync(shown, ["bad", "-d", "-j"], { encoding: "utf8" });
  t.strictSame([bad.status, bad.stderr], [2, "no\n"], "what fails fails");
});
