import t from "tap";
import { parseDriver, parseKernelRelease, parseOffloads } from "../../../lib/linux/hardware/offloads.js";

t.test("ethtool -k: what is on, also what a feature above it asks for", async (t) => {
  const text = [
    "Features for flannel.1:",
    "rx-checksumming: on",
    "tx-checksumming: on",
    "\ttx-checksum-ipv4: off [fixed]",
    "\ttx-checksum-ip-generic: on",
    "\ttx-tcp-segmentation: off [requested on]",
    "tx-udp_tnl-csum-segmentation: on [fixed]",
    "odd: maybe",
    "Cannot get device feature names: No such device",
  ].join("\n");
  t.strictSame(
    [...parseOffloads(text)],
    [
      ["rx-checksumming", true],
      ["tx-checksumming", true],
      ["tx-checksum-ipv4", false],
      ["tx-checksum-ip-generic", true],
      ["tx-tcp-segmentation", false],
      ["tx-udp_tnl-csum-segmentation", true],
    ],
  );
});

t.test("ethtool -i and uname -r", async (t) => {
  t.equal(parseDriver("driver: vmxnet3\nversion: 1.7.0.0-k-NAPI\n"), "vmxnet3");
  t.equal(parseDriver("version: 1\n"), null);
  t.strictSame(parseKernelRelease("5.4.0-42-generic\n"), { major: 5, minor: 4 });
  t.strictSame(parseKernelRelease("6.18"), { major: 6, minor: 18 });
  for (const odd of ["", "5", "v5.4", "99999.1"]) t.equal(parseKernelRelease(odd), null);
});
