import { parseDriver, parseKernelRelease, parseOffloads } from "../../linux/hardware/offloads.js";
import type { Reading } from "../../readings/reader.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";

const CHECKSUM = "tx-checksum-ip-generic";
/** The one that carries UDP in large pieces is of use without checksums of the inside too. */
const SEGMENTATION = ["tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation"] as const;

/** Work that a device does for the kernel, where it is known to be done wrong: for tunnels in UDP. */
export const offloads: Check = {
  name: "offloads",
  title: "No device does work for the kernel that it is known to do wrong",
  check: (world): readonly Said[] => {
    const isInUdp = world.path.hops.some(
      ({ encapsulation }) => "port" in encapsulation && encapsulation.port !== undefined,
    );
    if (!isInUdp) return [];
    return Object.entries(world.path.tunnels).flatMap(([node, tunnel]) => [
      ...checkTunnel(world, node, tunnel.interface),
      ...checkNic(world, node, world.path.underlay[node]?.interface),
    ]);
  },
};

function featuresOf(
  { state }: AuditWorld,
  node: string,
  device: string,
): { readonly reading: Reading; readonly features: ReadonlyMap<string, boolean> } | null {
  const reading = state.ofDevice(hostOf(node), "offloads", device);
  return reading === undefined ? null : { reading, features: parseOffloads(reading.text) };
}

/** Before Linux 5.7 a tunnel's packet that is masqueraded with a port by chance gets a wrong UDP checksum (calico#3145, flannel#1279). */
function checkTunnel(world: AuditWorld, node: string, device: string): Said[] {
  const found = featuresOf(world, node, device);
  const [kernel] = world.state.readings(hostOf(node), "kernel");
  const release = kernel?.text.trim() ?? "";
  const version = parseKernelRelease(release);
  if (found === null || kernel === undefined || version === null) return [];
  const isOld = version.major < 5 || (version.major === 5 && version.minor < 7);
  // Red Hat's 4.18 has had it mended.
  if (!isOld || /\.el([89]|\d\d)/.test(release) || found.features.get(CHECKSUM) !== true) return [];
  return [
    {
      ...{ severity: "warning", direction: null, place: { ...hostOf(node), device } },
      what: `${device} leaves checksums to the kernel ${release}: before 5.7 what is masqueraded in the tunnel may get a wrong UDP checksum, and the far node drops it`,
      evidence: [evidenceOf(found.reading, `${CHECKSUM}: on`), evidenceOf(kernel, release)],
      next: `Where connections to Services hang for seconds: \`ethtool -K ${device} ${CHECKSUM} off\`, or a kernel with the mend`,
    },
  ];
}

/** VMware's device cuts tunnels' packets wrongly on some hosts (openshift/machine-config-operator#2482). */
function checkNic(world: AuditWorld, node: string, device: string | undefined): Said[] {
  if (device === undefined) return [];
  const driver = world.state
    .readings(hostOf(node), "driver")
    .find(({ record }) => record.argv.at(-1) === device);
  const found = featuresOf(world, node, device);
  if (driver === undefined || found === null || parseDriver(driver.text) !== "vmxnet3") return [];
  const on = SEGMENTATION.filter((name) => found.features.get(name) === true);
  if (on.length === 0) return [];
  return [
    {
      ...{ severity: "warning", direction: null, place: { ...hostOf(node), device } },
      what: `${device} (vmxnet3) cuts the tunnel's packets itself, of which some hosts of VMware drop what is not ICMP`,
      evidence: [
        evidenceOf(found.reading, on.map((name) => `${name}: on`).join(", ")),
        evidenceOf(driver, "driver: vmxnet3"),
      ],
      next: `Where ping works and TCP does not: \`ethtool -K ${device} ${on.map((name) => `${name} off`).join(" ")}\``,
    },
  ];
}
