import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { LEFTOVERS_NAME, LEFTOVERS_SCRIPT } from "../../../lib/cluster/leftovers/script.js";
import {
  listNodeLeftovers,
  parseLeftover,
  removeNodeLeftovers,
} from "../../../lib/cluster/leftovers/leftovers.js";
import type { Argv, ExecResult } from "../../../lib/model/access.js";
import type { GuardedAccess } from "../../../lib/model/guarded-access.js";
import { trust } from "../../fixtures/trust.js";

const ME = "0123456789ab";
const RUN = "aaaaaaaaaaaa";
const HASH = "23a271f2222bd525";
const place = { node: "node-a", workDir: "/var/tmp" };

t.test("what a node says", async (t) => {
  const folder = { kind: "folder", runId: RUN, ownerHash: HASH, state: "idle", uid: 0 };
  t.match(parseLeftover(`folder hopbook-${RUN}-node-a 0 ${HASH} idle`, place), {
    ...folder,
    item: `folder:hopbook-${RUN}-node-a`,
    name: `/var/tmp/hopbook-${RUN}-node-a`,
  });
  t.match(parseLeftover(`folder hopbook-${RUN}-node-a - - live`, place), {
    ...{ ownerHash: null, state: "live", uid: null },
  });
  t.match(parseLeftover(`folder hopbook-${RUN}-node-a.detached 0 ${HASH} kept 4102444800`, place), {
    ...{ state: "kept", expiresAt: Date.parse("2100-01-01") },
  });
  t.match(parseLeftover("relay /dev/shm/hopbook-relay-aB3dEf 0", place), {
    ...{ kind: "relay", item: "relay:/dev/shm/hopbook-relay-aB3dEf", ownerHash: null, uid: 0, state: "idle" },
  });
  t.match(parseLeftover(`trace hopbook-${RUN}-node-a young`, place), { kind: "trace", state: "young" });
  t.match(parseLeftover(`process 12 3456 ${RUN} ${HASH} tcpdump`, place), {
    ...{ kind: "process", item: "process:12:3456", name: "tcpdump 12", runId: RUN, state: "live" },
  });
});

t.test("what is none of ours, or not this node's", async (t) => {
  for (const line of [
    "",
    "end",
    "folder hopbook-test-cluster 0 - idle",
    `folder hopbook-${RUN} 0 - idle`,
    `folder hopbook-${RUN}-node-a 0 - gone`,
    `folder hopbook-${RUN}-node-a 0 - kept`,
    `folder hopbook-${RUN}-node-a 0 - kept x`,
    `folder hopbook-${RUN}-node-a 0 - idle 4102444800`,
    `trace hopbook-${RUN}-node-b idle`,
    "trace hopbook-x-node-a idle",
    "relay /etc/hopbook-relay-aB3dEf 0",
    "relay /tmp/hopbook-relay-../../etc 0",
    `process 12;reboot 1 ${RUN} - sh`,
    "process 12 1 -rf - sh",
  ]) {
    t.equal(parseLeftover(line, place), null, line);
  }
});

/** This machine as a node. */
function here(log: Argv[] = []): GuardedAccess {
  const exec = (argv: Argv): Promise<ExecResult> => {
    log.push(argv);
    const { status, stdout, stderr } = spawnSync(argv[0], argv.slice(1), {
      env: { PATH: process.env["PATH"] },
    });
    return Promise.resolve({
      ...{ node: "node-a", argv, exitCode: status, signal: null, stdout, stderr },
      ...{ timedOut: false, canceled: false, truncated: false, startedAt: "", durationMs: 0 },
    });
  };
  const never = (): never => {
    throw new Error("not here");
  };
  return trust({
    node: "node-a",
    via: "local",
    exec,
    stream: never,
    pull: never,
    close: () => Promise.resolve(),
  });
}

const old = new Date(Date.now() - 3600_000);
const linux = process.platform === "linux" ? {} : { skip: "needs /proc" };

t.test("a real shell: folders and processes are found and removed", linux, async (t) => {
  const workDir = t.testdir();
  const options = { workDir, runId: ME };
  const makeFolder = (name: string, age = old): string => {
    const dir = join(workDir, name);
    mkdirSync(dir, { mode: 0o700 });
    writeFileSync(join(dir, "agent"), `1 ${HASH}\n`);
    utimesSync(dir, age, age);
    return dir;
  };
  const idle = makeFolder(`hopbook-${RUN}-node-a`);
  const young = makeFolder("hopbook-bbbbbbbbbbbb-node-a", new Date());
  const foreign = makeFolder("hopbook-of somebody");
  makeFolder(`hopbook-${ME}-node-a`);
  symlinkSync("/etc", join(workDir, "hopbook-cccccccccccc-node-a"));
  const used = makeFolder("hopbook-dddddddddddd-node-a");
  const env = { PATH: process.env["PATH"], HOPBOOK_RUN: "eeeeeeeeeeee", HOPBOOK_OWNER: HASH };
  const agent = spawn("sh", ["-c", "sleep 60 & wait", "hopbook-capture", used, "20"], {
    ...{ env, detached: true, stdio: "ignore" },
  });
  t.teardown(() => process.kill(-(agent.pid ?? 0), "SIGKILL"));
  let found = await listNodeLeftovers(here(), options);
  const areBothThere = (): boolean => found.filter(({ runId }) => runId === "eeeeeeeeeeee").length === 2;
  for (let tries = 0; tries < 50 && !areBothThere(); tries += 1) {
    await sleep(100);
    found = await listNodeLeftovers(here(), options);
  }
  const states = Object.fromEntries(
    found.filter(({ kind }) => kind === "folder").map(({ name, state }) => [name, state]),
  );
  t.strictSame(states, { [idle]: "idle", [young]: "young", [used]: "live" });
  // Processes of others may run on this machine.
  const own = found.filter(({ kind, runId }) => kind === "folder" || runId === "eeeeeeeeeeee");
  t.ok(own.every(({ ownerHash }) => ownerHash === HASH));
  const processes = found.filter(({ runId }) => runId === "eeeeeeeeeeee");
  t.strictSame(
    processes.map(({ kind }) => kind),
    ["process", "process"],
    "the agent and what it started",
  );

  const folders = [`folder:hopbook-${RUN}-node-a`, "folder:hopbook-dddddddddddd-node-a", "folder:nothing"];
  const kept = await removeNodeLeftovers(here(), folders, { ...options, force: false });
  t.strictSame(
    [...kept],
    [
      ["folder:hopbook-dddddddddddd-node-a", "it is in use"],
      ["folder:nothing", "it is none of hopbook's"],
    ],
  );
  t.notOk(existsSync(idle));
  t.ok(existsSync(used) && existsSync(foreign));
  const link = await removeNodeLeftovers(here(), ["folder:hopbook-cccccccccccc-node-a"], {
    ...options,
    force: true,
  });
  t.strictSame([...link.values()], ["it is a symbolic link"]);
  t.ok(existsSync("/etc/hostname") || existsSync("/etc/passwd"));

  const items = processes.map(({ item }) => item);
  t.strictSame([...(await removeNodeLeftovers(here(), items, { ...options, force: true }))], []);
  t.notOk(/^State:\s+[RS]/m.test(statusOf(agent.pid)), "the agent has ended");
  const twice = [...items, `folder:hopbook-${RUN}-node-a`, "process:1:1"];
  t.strictSame(
    [...(await removeNodeLeftovers(here(), twice, { ...options, force: false }))],
    [],
    "gone is gone",
  );
});

function statusOf(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}

t.test("a relay's folder goes where nobody has its pipe open", linux, async (t) => {
  const name = `t${process.pid}`;
  const makeRelay = (letter: string, age = old): string => {
    const dir = `/tmp/hopbook-relay-${name}${letter}`;
    mkdirSync(dir, { mode: 0o700 });
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    t.equal(spawnSync("mkfifo", [join(dir, "done")]).status, 0);
    utimesSync(dir, age, age);
    return dir;
  };
  const [left, used, young] = [makeRelay("a"), makeRelay("b"), makeRelay("c", new Date())];
  const broken = makeRelay("d");
  rmSync(join(broken, "done"));
  utimesSync(broken, old, old);
  const holder = spawn("sh", ["-c", 'exec 3<>"$1/done"; echo open; exec sleep 60', "sh", used]);
  t.teardown(() => holder.kill("SIGKILL"));
  await once(holder.stdout, "data");
  const options = { workDir: t.testdir(), runId: ME };
  const found = await listNodeLeftovers(here(), options);
  const ours = found.filter(({ kind, name: path }) => kind === "relay" && path.includes(`-${name}`));
  t.strictSame(
    ours.map(({ name: path }) => path),
    [left, broken],
  );
  t.strictSame(
    [...(await removeNodeLeftovers(here(), [`relay:${broken}`], { ...options, force: false }))],
    [],
  );
  t.notOk(existsSync(broken));
  const items = [left, used, young, "/etc"].map((path) => `relay:${path}`);
  const kept = await removeNodeLeftovers(here(), items, { ...options, force: true });
  t.strictSame([...kept.keys()], items.slice(1));
  t.strictSame([left, used, young].map(existsSync), [false, true, true]);
});

t.test("the folder of a look at a node, which was killed before it took its name away", linux, async (t) => {
  const make = (letter: string, age: Date): string => {
    const dir = `/dev/shm/hopbook-look-t${process.pid}${letter}`;
    mkdirSync(dir, { mode: 0o700 });
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, "out"), "");
    utimesSync(dir, age, age);
    return dir;
  };
  const [left, young] = [make("a", old), make("b", new Date())];
  const options = { workDir: t.testdir(), runId: ME };
  const found = await listNodeLeftovers(here(), options);
  const ours = found.filter(({ name }) => name.includes(`-t${process.pid}`));
  t.match(ours, [{ kind: "relay", name: left }]);
  const items = [left, young].map((path) => `relay:${path}`);
  const kept = await removeNodeLeftovers(here(), items, { ...options, force: false });
  t.strictSame([...kept.keys()], items.slice(1));
  t.strictSame([left, young].map(existsSync), [false, true]);
});

t.test("captures that wait to be collected stay until they expire", linux, async (t) => {
  const workDir = t.testdir();
  const options = { workDir, runId: ME };
  const make = (name: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(workDir, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(workDir, name, file), text);
    utimesSync(join(workDir, name), old, old);
  };
  const keep = (run: string, expires: string): readonly string[] => {
    const name = `hopbook-${run}-node-a`;
    make(name, { agent: `1 ${HASH}\n` });
    make(`${name}.detached`, { agent: `1 ${HASH}\n`, expires });
    return [name, `${name}.detached`];
  };
  const nowSec = Math.floor(Date.now() / 1000);
  const kept = keep(RUN, `${nowSec + 600}\n`);
  const expired = keep("bbbbbbbbbbbb", `${nowSec - 60}\n`);
  const senseless = keep("cccccccccccc", "$(reboot)\n");
  const found = (await listNodeLeftovers(here(), options)).filter(({ kind }) => kind === "folder");
  t.strictSame(
    Object.fromEntries(found.map(({ item, state, expiresAt }) => [item, [state, expiresAt]])),
    Object.fromEntries([
      ...kept.map((name) => [`folder:${name}`, ["kept", (nowSec + 600) * 1000]]),
      ...[...expired, ...senseless].map((name) => [`folder:${name}`, ["idle", undefined]]),
    ]),
  );
  t.ok(found.every(({ ownerHash }) => ownerHash === HASH));
  const items = [...kept, ...expired, ...senseless].map((name) => `folder:${name}`);
  const spared = await removeNodeLeftovers(here(), items, { ...options, force: false });
  t.strictSame(
    [...spared],
    kept.map((name) => [`folder:${name}`, "it waits to be collected"]),
  );
  t.ok(kept.every((name) => existsSync(join(workDir, name))));
  t.notOk([...expired, ...senseless].some((name) => existsSync(join(workDir, name))));
  t.strictSame([...(await removeNodeLeftovers(here(), items, { ...options, force: true }))], []);
  t.notOk(
    kept.some((name) => existsSync(join(workDir, name))),
    "unless it is forced",
  );
});

t.test("an answer that breaks off is none", async (t) => {
  const cut = here().beside({
    exec: async (_argv, _options, run) => ({ ...(await run()), stdout: Buffer.from("folder") }),
  });
  await t.rejects(listNodeLeftovers(cut, { workDir: "/x", runId: ME }), { code: "COMMAND_FAILED" });
  const silent = here().beside({
    exec: async (_argv, _options, run) => ({ ...(await run()), stdout: Buffer.from("end\n") }),
  });
  const kept = await removeNodeLeftovers(silent, ["process:1:1"], { workDir: "/x", runId: ME, force: false });
  t.strictSame([...kept.values()], ["the node did not say"]);
  const log: Argv[] = [];
  t.equal((await removeNodeLeftovers(here(log), [], { workDir: "/x", runId: ME, force: false })).size, 0);
  t.strictSame(log, [], "nothing to remove is no command");
});

t.test("the script is POSIX sh", async (t) => {
  t.equal(spawnSync("sh", ["-n", "-c", LEFTOVERS_SCRIPT, LEFTOVERS_NAME]).status, 0);
});
