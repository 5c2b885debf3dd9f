import t from "tap";
import { existsSync } from "node:fs";
import { driveShell } from "../../../lib/access/ssh/shell.js";
import { buildLeased } from "../../../lib/process/lease.js";
import { startProcess } from "../../../lib/process/start.js";

const SHELLS = [
  ["dash", ["/bin/dash"]],
  ["bash", ["/bin/bash", "--posix"]],
  ["busybox", ["/bin/busybox", "sh"]],
] as const;
const COMMAND = { timeoutMs: 20_000, maxOutputBytes: 1_000_000, signal: undefined, leased: false };

function open(argv: readonly string[]) {
  const [program = "", ...rest] = argv;
  const child = startProcess([program, ...rest], {
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
    stdin: "open",
    onStdout: (chunk) => shell.push(chunk),
  });
  const shell = driveShell(child);
  const print = (script: string, changes: Partial<typeof COMMAND> = {}) =>
    shell.run(["sh", "-c", script], { ...COMMAND, ...changes });
  return { shell, child, print };
}

for (const [name, argv] of SHELLS) {
  const skip = existsSync(argv[0]) ? false : `there is no ${argv[0]}`;
  t.test(`a ${name} runs one command after the other`, { skip }, async (t) => {
    const { shell, child, print } = open(argv);
    for (const code of [0, 1, 127, 255]) {
      const result = await print(`printf 'out\\0\\n\\n'; printf 'err\\n\\n' >&2; exit ${code}`);
      t.match(result, { how: "ended", exitCode: code, truncated: false });
      if (result.how !== "ended") continue;
      t.equal(result.stdout.toString(), "out\0\n\n");
      t.equal(result.stderr.toString(), "err\n\n");
    }
    t.match(await print(":"), { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), exitCode: 0 });
    t.match(await shell.run(["env", "printf", "%s|", "a'b\nc", "", "$HOME"], COMMAND), {
      stdout: Buffer.from("a'b\nc||$HOME|"),
    });
    t.match(await shell.run(["no-such-tool"], COMMAND), { exitCode: 127, stderr: /not found/ });
    t.match(await print("cat; readlink /proc/$$/fd/0"), { stdout: Buffer.from("/dev/null\n") });
    const isClosed = 'for fd in 3 4 5 6 7 8 9; do [ ! -e "/proc/$$/fd/$fd" ] || exit 1; done';
    t.match(await print(isClosed), { exitCode: 0 }, "nothing of the shell's own is open");
    t.match(await print("kill -9 $$"), { exitCode: 137 });
    shell.end();
    t.match(await child.done, { exitCode: 0 });
    t.notOk(shell.isAlive());
    t.match(await print("echo late"), { how: "unstarted" });
  });

  t.test(
    `what a command leaves running under a ${name} prints into no other's output`,
    { skip },
    async (t) => {
      const { shell, print } = open(argv);
      const result = await print("{ sleep 0.2; echo late; } & echo now");
      t.match(result, { stdout: Buffer.from("now\nlate\n") });
      t.match(await print("echo next"), { stdout: Buffer.from("next\n") });
      shell.end();
    },
  );

  t.test(`too much under a ${name} is cut, and the shell goes on`, { skip }, async (t) => {
    const { shell, print } = open(argv);
    const small = { maxOutputBytes: 10 };
    t.match(await print("yes", small), {
      truncated: true,
      exitCode: null,
      stdout: Buffer.from("y\ny\ny\ny\ny\n"),
    });
    t.match(await print("yes >&2", small), {
      truncated: true,
      exitCode: null,
      stderr: Buffer.from("y\ny\ny\ny\ny\n"),
    });
    t.match(await print("printf 0123456789", small), { truncated: false, exitCode: 0 });
    shell.end();
  });

  t.test(
    `under a ${name} a command that is given up keeps the shell until it has ended`,
    { skip },
    async (t) => {
      const { shell, print } = open(argv);
      t.match(await shell.run(["timeout", "1", "sleep", "30"], { ...COMMAND, timeoutMs: 50 }), {
        how: "timedOut",
      });
      t.notOk(shell.isIdle());
      const stop = new AbortController();
      const other = open(argv);
      const leased = other.shell.run(buildLeased(["sh", "-c", "echo $$; sleep 30"], { timeoutMs: 30_000 }), {
        ...COMMAND,
        ...{ leased: true, signal: stop.signal },
      });
      stop.abort();
      t.match(await leased, { how: "canceled" });
      while (!shell.isIdle()) await new Promise((resolve) => setImmediate(resolve));
      t.match(await print("echo next"), { stdout: Buffer.from("next\n") });
      shell.end();
      other.shell.end();
      await other.child.stop("killed");
    },
  );

  t.test(
    `a ${name} reads what a lease left of the client's signs of life as no command`,
    { skip },
    async (t) => {
      const { shell, child, print } = open(argv);
      const leased = buildLeased(["sh", "-c", "echo done; exit 3"], { timeoutMs: 30_000 });
      for (let round = 0; round < 3; round++) {
        t.match(await shell.run(leased, { ...COMMAND, leased: true }), {
          ...{ exitCode: 3, stdout: Buffer.from("done\n"), stderr: Buffer.alloc(0) },
        });
        child.write("beat\nend\n");
      }
      t.match(await print("echo next"), { stdout: Buffer.from("next\n"), stderr: Buffer.alloc(0) });
      shell.end();
    },
  );
}

for (const [name, argv] of SHELLS) {
  const skip = existsSync(argv[0]) ? false : `there is no ${argv[0]}`;
  t.test(
    `under a ${name} a lease ends with its command, and waits for no sign of life`,
    { skip },
    async (t) => {
      const [program, ...rest] = argv;
      const child = startProcess([program, ...rest], {
        env: { PATH: process.env["PATH"] ?? "" },
        stdin: "open",
        onStdout: (chunk) => shell.push(chunk),
      });
      const shell = driveShell({ ...child, write: (text) => text !== "beat\n" && child.write(text) });
      const leased = buildLeased(["true"], { timeoutMs: 30_000 });
      const ends = new Set<string>();
      for (let round = 0; round < 40; round++)
        ends.add((await shell.run(leased, { ...COMMAND, timeoutMs: 10_000, leased: true })).how);
      t.same([...ends], ["ended"]);
      shell.end();
    },
  );
}

t.test("a command whose shell ends is lost; one whose shell had ended was not started", async (t) => {
  const { child, print } = open(["sh"]);
  const running = print("sleep 30");
  await child.stop("killed");
  t.match(await running, { how: "lost" });
  t.match(await print("echo late"), { how: "unstarted" });
  const closed = open(["sh"]);
  closed.child.end();
  t.match(await closed.print("echo late"), { how: "unstarted" });
});

t.test("what comes while nothing was asked for is not taken for a command's", async (t) => {
  const { shell } = open(["sh"]);
  shell.push(Buffer.from("noise"));
  t.notOk(shell.isAlive());
  t.match(await shell.run(["true"], COMMAND), { how: "unstarted" });
});
