import t from "tap";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SWITCH_TRACE_NAME, SWITCH_TRACE_SCRIPT } from "../../../lib/linux/vswitch/trace-script.js";

/** The script among processes of its own, with programs that only answer as OVN's do. */

const ANSWERS = {
  "ovn-nbctl":
    'case "$*" in *lsp-get-ls*) echo "uuid (node-a)" ;; *) echo "0a:58:0a:00:00:05 10.0.0.5" ;; esac',
  "ovn-sbctl": ":",
  "ovn-trace": 'echo "traced $*"',
};
/** All else that the script needs, and no program of OVN that this machine may have. */
const TOOLS = ["sh", "tr", "nsenter", "timeout", "sed", "sort", "head"];
const ARGUMENTS = ["tcp", "shop_client", "shop_web", "10.0.0.5", "10.0.0.6", "8080"];
const OWN = ["--mount", "--pid", "--fork", "--mount-proc"];
const skip = spawnSync("unshare", [...OWN, "true"]).status === 0 ? false : "no namespaces may be made here";

/** A process that looks like the northbound database's, in whose mount namespace alone $2 has what $1 has. */
const CONTAINER = `unshare --mount bash -c 'mount --bind "$1" "$2" && exec -a ovsdb-server tail -f /dev/null "$1/ovnnb_db.sock"' x "$PROGRAMS" "$PLACE" >/dev/null &
until grep -qs "^ovsdb-server" /proc/[0-9]*/cmdline; do :; done`;

t.test("OVN's programs and databases that are in a container alone", { skip }, async (t) => {
  const dir = t.testdir({ place: {}, tools: {}, programs: { "ovnnb_db.sock": "" } });
  const [place, tools, programs] = ["place", "tools", "programs"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  for (const tool of TOOLS)
    symlinkSync(
      execFileSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim(),
      join(tools, tool),
    );
  for (const [name, answer] of Object.entries(ANSWERS))
    writeFileSync(join(programs, name), `#!/bin/sh\n${answer}\n`, { mode: 0o755 });
  const run = (before: string, own: string): { exitCode: number | null; stdout: string; stderr: string } => {
    const driver = `${before}\nPATH=${own}:${tools} exec sh -c "$SCRIPT" "$@"`;
    const words = [...OWN, "bash", "-c", driver, "bash", SWITCH_TRACE_NAME, ...ARGUMENTS];
    const env = { ...process.env, SCRIPT: SWITCH_TRACE_SCRIPT, PROGRAMS: programs, PLACE: place };
    const { status, stdout, stderr } = spawnSync("unshare", words, {
      env,
      encoding: "utf8",
      timeout: 20_000,
    });
    return { exitCode: status, stdout, stderr };
  };
  mkdirSync(join(dir, "none"));
  t.match(run(":", join(dir, "none")), { exitCode: 3, stderr: "ovn-trace is not installed\n" });
  const traced = { exitCode: 0, stdout: /^traced .* inport == "shop_client" &&[^]* ip4\.dst == 10\.0\.0\.6/ };
  t.match(run(":", programs), traced, "the node's own, wherever their databases are");
  t.match(run(CONTAINER, place), traced, "a container's");
});
