import { readdirSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { Findings } from "../../lib/model/findings.js";
import { Bench, folderOf } from "./bench.js";

/** The dns and connect runbooks as commands; dns-matrix.test.ts has all that a resolver meets. */

const bench = await Bench.open("dns");
t.teardown(() => bench.close());

async function judge(
  name: string,
): Promise<{ code: string; message: string; next: readonly string[]; exit: number }> {
  const { stdout, exitCode, stderr } = await bench.hopbook(
    ...["run", "dns", "--from", "shop/client", "--name", name, "--yes", "--output", "json"],
    ...["--cluster", bench.lab.files.profile],
  );
  const { checks } = JSON.parse(stdout || "{}") as Partial<Findings>;
  const [check] = checks ?? [];
  if (check === undefined) throw new Error(stderr);
  return { code: check.code ?? "", message: check.message, next: check.next ?? [], exit: exitCode ?? -1 };
}

t.test("the name is found, or is unknown in every search domain", async (t) => {
  const found = await judge("web");
  t.match(found, { code: "", exit: 0, message: /finds web as web\.shop\.svc\.cluster\.local after 1 name/ });
  const unknown = await judge("nowhere");
  t.match(unknown, { code: "dns-name-unknown", exit: 3, message: /NXDOMAIN for all of 4 names/ });
  t.match(unknown.message, /nowhere\.svc\.cluster\.local [0-9.]+ ms, nowhere\.cluster\.local/);
  t.match(unknown.next.join("\n"), /hopbook run dns --from shop\/client --name nowhere\.`/);
});

t.test("a connection is timed: its name, its way and its far end", async (t) => {
  const { stdout, exitCode, outDir } = await bench.hopbook(
    ...[
      "run",
      "connect",
      "--from",
      "shop/client",
      "--to",
      "10.96.0.20:80",
      "--name",
      "web",
      "--yes",
      "--output",
      "json",
    ],
    ...["--slow", "30s", "--cluster", bench.lab.files.profile],
  );
  const [check] = (JSON.parse(stdout) as Findings).checks;
  t.match(check, {
    status: "pass",
    message: /ms in all \(name .*, connection .*, HTTP .*\): .*shop\/web \(connection/,
  });
  t.equal(exitCode, 0);
  const found = readdirSync(join(folderOf(outDir), "evidence/paths")).sort();
  t.strictSame(found, ["dnsPath.json", "path.json"], "each way has a file of its own");
});
