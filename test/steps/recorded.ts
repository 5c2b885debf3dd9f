import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KubeReader } from "../../lib/model/kube.js";
import { keyOf, replayNode, type Recording } from "../fixtures/nodes/replay.js";
import { fakeContext, type FakeContext } from "./samples.js";

const ROOT = join(import.meta.dirname, "../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const NAT = "iptables-save -t nat";
const PROGRAMS = ["tcpdump", "timeout", "nsenter", "ip"].map((name) => `path ${name} /usr/sbin/${name}`);
const TOOLS = ["uid 0", "ssh ", ...PROGRAMS, ""].join("\n");

/** The recorded nodes; `nat`: what node-a's NAT table is in the place of the recorded one. */
export function recordedContext(nat?: string, kube?: KubeReader): FakeContext {
  const accesses = Object.entries(RECORDED).map(([node, recording]) => {
    const replay = replayNode(node, { ...recording, ...(nat === undefined ? {} : { [NAT]: nat }) });
    return replay.beside({
      exec: async (argv, options, run) =>
        keyOf(argv).startsWith("hopbook-tools ")
          ? replayNode(node, { [keyOf(argv)]: TOOLS }).exec(argv, options)
          : run(),
    });
  });
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  return fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    recipeDirs: [join(ROOT, "runbooks/cni")],
    ...(kube === undefined ? {} : { kube }),
  });
}
const recorded = RECORDED["node-a"]?.[NAT];
export const recordedNat = typeof recorded === "string" ? recorded : "";
