import t from "tap";
import { spawnSync } from "node:child_process";
import { quotePosix } from "../../lib/process/quote.js";
import { HopbookError } from "../../lib/errors.js";
import { findArgvFault } from "../../lib/permissions/index.js";
import { PROBE_SCRIPTS, planProbe } from "../../lib/traffic/index.js";
import type { ProbeKind } from "../../lib/model/traffic.js";
import type { Flow } from "../../lib/model/hops.js";
import { EACH_PAYLOAD, isUntouched } from "./payloads.js";

const SHELLS = [["dash"], ["bash"], ["busybox", "sh"]] as const;
const STDIO: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
const ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

const QUICK = {
  ...{ count: 1, intervalMs: 10, timeoutMs: 50, runTag: "0123456789ab" },
  ...{ dnsName: "example.test", httpPath: "/" },
};

/** From this machine to a port of its loopback where nobody listens. */
function flowOf(probe: ProbeKind): Flow {
  const end = (port: number | null): Flow["path"]["from"] => ({
    ...{ kind: "node", text: "one", pod: null, node: "one", ip: "127.0.0.1", port },
    ...{ addresses: [{ ip: "127.0.0.1", port }], netns: { kind: "host" }, hostNetwork: true },
    cniHostInterfaces: [],
  });
  const path = {
    from: end(null),
    to: end(1),
    recipe: "r",
    hops: [],
    replyHops: null,
    underlay: {},
    tunnels: {},
  };
  return { id: "f0", protocol: probe === "http" ? "tcp" : "udp", probe, path: { ...path, notes: [] } };
}

t.test("in every shell a quoted word is that word, and runs nothing", async (t) => {
  const cwd = t.testdir();
  for (const [name, payload] of EACH_PAYLOAD) {
    if (payload.includes("\0")) {
      t.throws(() => quotePosix(["echo", payload]), { code: "INPUT_INVALID" }, name);
      continue;
    }
    for (const [shell, ...options] of SHELLS) {
      const line = quotePosix(["printf", "%s\\0", "--", payload, `x${payload}`]);
      const run = spawnSync(shell, [...options, "-c", line], {
        cwd,
        env: ENV,
        stdio: STDIO,
        encoding: "utf8",
      });
      t.equal(run.stdout, `--\0${payload}\0x${payload}\0`, `${name}: ${shell}`);
    }
  }
  t.ok(isUntouched(cwd));
});

t.test("a probe's name and path reach bash as data", async (t) => {
  const cwd = t.testdir();
  const scripts = new Map(Object.entries(PROBE_SCRIPTS).map(([name, text]) => [name, new Set([text])]));
  for (const [name, payload] of EACH_PAYLOAD) {
    for (const [kind, more] of [
      ["http", { httpPath: payload }],
      ["http", { httpPath: `/${payload}` }],
      ["dns-udp", { dnsName: payload }],
    ] as const) {
      let argv: readonly string[];
      try {
        argv = planProbe(flowOf(kind), { ...QUICK, ...more }).argv;
      } catch (error) {
        t.ok(error instanceof HopbookError && error.code === "INPUT_INVALID", `${name}: ${kind} refuses it`);
        continue;
      }
      const fault = findArgvFault("netns/probe", argv, scripts);
      if (fault !== undefined) {
        t.type(fault, "string", `${name}: the permissions refuse it`);
        continue;
      }
      const [program = "", ...args] = argv;
      spawnSync(program, args, { cwd, env: ENV, stdio: STDIO, timeout: 10_000 });
      t.ok(isUntouched(cwd), `${name}: ${kind} ran nothing`);
    }
  }
});
