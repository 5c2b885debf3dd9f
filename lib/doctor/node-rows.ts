import { visible } from "../model/visible.js";
import { tcpdumpVersion, type NodeLook, type SeenPod } from "./look.js";
import { blocks, ok, warn, type DoctorRow } from "./rows.js";

/** Below this a capture does not start: see the step `capture.session`. */
const FLOOR_BYTES = 64 * 1024 * 1024;
/** Room for a capture at its default limit on each of three hops. */
const ROOM_BYTES = FLOOR_BYTES + 3 * 64 * 1024 * 1024;
/** Clocks further apart make the order of packets on two nodes a guess. */
const CLOCK_MS = 1_000;

interface NodeRowOptions {
  /** Whether tcpdump may come from an image in place of the node. */
  readonly via: string;
  readonly workDir: string;
}

/** What one node has for a run, in the order in which a run would miss it. */
export function nodeRows(look: NodeLook, options: NodeRowOptions): readonly DoctorRow[] {
  return [
    loginRow(look, options.via),
    runtimeRow(look),
    ...look.pods.map((pod) => podRow(pod, look)),
    tcpdumpRow(look),
    kernelRow(look),
    conntrackRow(look),
    diskRow(look, options.workDir),
    clockRow(look),
  ].map((row) => ({ ...row, found: visible(row.found, { maxChars: 500 }) }));
}

function loginRow({ node, uid, paths }: NodeLook, via: string): DoctorRow {
  const missing = (["nsenter", "ip", "timeout"] as const).filter((tool) => paths[tool] === undefined);
  if (uid !== 0) {
    const found = `commands run as uid ${uid === null ? "?" : String(uid)}`;
    return blocks("login", node, { found, todo: "Enter it as root, or with sudo: true in the profile" });
  }
  if (missing.length > 0) {
    const found = `by ${via}, as root; without ${missing.join(", ")}`;
    return blocks("login", node, {
      found,
      todo: `Install them, or name an image that has them as images.tools`,
    });
  }
  return ok("login", node, `by ${via}, as root`);
}

function runtimeRow({ node, sockets, crictlExit, crictlError, paths }: NodeLook): DoctorRow {
  const socket = sockets.length === 0 ? "no runtime's socket" : sockets.join(", ");
  if (crictlExit === 0) return ok("runtime", node, `crictl answers; ${socket}`);
  const others = (["ctr", "docker"] as const).filter((tool) => paths[tool] !== undefined);
  const rest = others.length === 0 ? "/proc" : `${others.join(", ")} or /proc`;
  if (crictlExit === null) {
    const todo = `Install crictl for what the runtime knows; without it pods are found by ${rest}`;
    return warn("runtime", node, { found: `no crictl; ${socket}`, todo });
  }
  const todo = `Name runtime.endpoint in the profile; meanwhile pods are found by ${rest}`;
  return warn("runtime", node, { found: `crictl fails: ${crictlError}; ${socket}`, todo });
}

function podRow(
  { namespace, name, pid, netns, isListed, isHostNetwork }: SeenPod,
  look: NodeLook,
): DoctorRow {
  const target = `${namespace}/${name}`;
  if (netns !== null) {
    const which = isHostNetwork ? "the node's own network namespace" : netns;
    return ok("pod", target, `on ${look.node}: pid ${String(pid)}, ${which}`);
  }
  if (isListed) return ok("pod", target, `on ${look.node}: the runtime lists it`);
  const found = `on ${look.node}: neither its processes nor the runtime show it`;
  return blocks("pod", target, {
    found,
    todo: "Check that it runs there, and that the node's /proc is seen",
  });
}

function tcpdumpRow({ node, tcpdump, paths }: NodeLook): DoctorRow {
  if (paths.tcpdump === undefined) {
    const todo = "Install it there, or name an image that has it as images.tools; hopbook brings none";
    return blocks("tcpdump", node, { found: "there is no tcpdump", todo });
  }
  const version = tcpdumpVersion(tcpdump);
  const words = tcpdump.join(", ").replaceAll(/tcpdump version |libpcap version (?=\d)/g, "");
  if (version === null) {
    return warn("tcpdump", node, {
      found: `its version is not told: ${words}`,
      todo: "Run tcpdump --version there",
    });
  }
  const [major, minor] = version;
  const isNew = major > 4 || (major === 4 && minor >= 99);
  const features = isNew ? "has --print, --count, --nano" : "before 4.99: without --print, --count, --nano";
  return ok("tcpdump", node, `${words}; ${features}`);
}

function kernelRow({ node, kernel, tracefs, hasDropReasons }: NodeLook): DoctorRow {
  const version = kernel ?? "unknown";
  if (tracefs === null) {
    const found = `${version}; no tracefs that can be written`;
    return warn("kernel", node, {
      found,
      todo: "Expect no drops from the kernel itself: they need root and no lockdown",
    });
  }
  const found = `${version}; drops by skb:kfree_skb`;
  if (hasDropReasons) return ok("kernel", node, `${found}, with reasons`);
  return warn("kernel", node, {
    found: `${found}, without reasons`,
    todo: "Expect places without reasons: they came with 5.17",
  });
}

function conntrackRow({ node, conntrack, paths }: NodeLook): DoctorRow {
  const { count, max } = conntrack;
  const tools = (["nft", "iptables-save", "conntrack"] as const).filter((tool) => paths[tool] !== undefined);
  const has = tools.length === 0 ? "no nft, iptables-save or conntrack" : tools.join(", ");
  const table = count === null || max === null ? "no conntrack table" : `conntrack table ${count} of ${max}`;
  if (count !== null && max !== null && count >= max * 0.95) {
    return warn("conntrack", node, {
      found: `${table}; ${has}`,
      todo: "Raise nf_conntrack_max: a full table drops packets",
    });
  }
  if (!tools.includes("iptables-save") && !tools.includes("nft")) {
    return warn("conntrack", node, {
      found: `${table}; ${has}`,
      todo: "Install one: a cause among rules cannot be named without",
    });
  }
  return ok("conntrack", node, `${table}; ${has}`);
}

function diskRow({ node, freeBytes, isWorkDirWritable }: NodeLook, workDir: string): DoctorRow {
  if (!isWorkDirWritable) {
    return blocks("disk", node, {
      found: `${workDir} cannot be written`,
      todo: "Name another workDir in the profile",
    });
  }
  if (freeBytes === null) {
    return warn("disk", node, {
      found: `df says nothing of ${workDir}`,
      todo: "Look at df there: captures need room",
    });
  }
  const found = `${Math.floor(freeBytes / 1024 / 1024)} MiB free at ${workDir}`;
  const todo = "Free some, or name another workDir in the profile";
  if (freeBytes < FLOOR_BYTES) return blocks("disk", node, { found, todo });
  return freeBytes < ROOM_BYTES ? warn("disk", node, { found, todo }) : ok("disk", node, found);
}

function clockRow({ node, clockOffsetMs, clockErrorMs }: NodeLook): DoctorRow {
  if (clockOffsetMs === null) {
    return warn("clock", node, { found: "its clock is not told", todo: "Run date there" });
  }
  const found = `${describeOffset(clockOffsetMs, clockErrorMs)} from this machine's`;
  if (Math.abs(clockOffsetMs) - clockErrorMs <= CLOCK_MS) return ok("clock", node, found);
  return warn("clock", node, { found, todo: "Set the clocks by NTP: times of several nodes are compared" });
}

/** "+90.1 s ± 0.02 s". */
export function describeOffset(offsetMs: number, errorMs: number): string {
  const sign = offsetMs < 0 ? "-" : "+";
  return `${sign}${(Math.abs(offsetMs) / 1000).toFixed(2)} s ± ${(errorMs / 1000).toFixed(2)} s`;
}
