import t from "tap";
import { spawn, spawnSync } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { TCP_SCRIPT } from "../../lib/traffic/tcp-script.js";
import { mostMs } from "../fixtures/patience.js";

/** A node's clock that is set by so many seconds once a connection is on its way: bash's own is put out of use. */
const setBy = (seconds: number): string => `
unset EPOCHREALTIME
date() {
  local told=$(command date +%s%N)
  [[ -e $STEPPED ]] && told=$((told + ${seconds}000000000))
  echo "$told"
}
`;

/** The script, in the bash that it starts itself. */
function withClock(seconds: number): string {
  const start = "exec bash --noprofile --norc -c '";
  return TCP_SCRIPT.replace(start, () => start + setBy(seconds));
}

const skip = spawnSync("bash", ["--version"]).status !== 0 && "no bash";

for (const [what, seconds] of [
  ["back by an hour", -3600],
  ["forward by an hour", 3600],
] as const) {
  t.test(`the clock is set ${what} while an answer is due`, { skip }, async (t) => {
    const dir = t.testdir({});
    const stepped = `${dir}/stepped`;
    const server = createServer((socket) => {
      // The clock is set, and only then is answered.
      spawnSync("touch", [stepped]);
      setTimeout(() => socket.end("HTTP/1.1 204 No Content\r\n\r\n"), 60);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const request = `http://127.0.0.1:${port}/ 0123-1 / 127.0.0.1:${port}`;
    const words = ["http", "127.0.0.1", String(port), "100", "1500", request];
    const startedMs = Date.now();
    const probe = spawn("bash", ["-c", withClock(seconds), "hopbook-probe-tcp", ...words], {
      ...{ env: { ...process.env, STEPPED: stepped }, stdio: ["ignore", "pipe", "ignore"] },
    });
    let said = "";
    probe.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
    await new Promise((resolve) => probe.once("close", resolve));
    t.ok(Date.now() - startedMs < mostMs(8000), "it does not wait for the clock");
    const [, rttUs = ""] = /^attempt 1 \d+ \S+ (\S+) reply 48545450/m.exec(said) ?? [];
    t.match(rttUs, /^\d+$/, said);
    t.ok(Number(rttUs) < 1_500_000, `${rttUs} us`);
  });
}
