import t from "tap";
import { readdirSync } from "node:fs";
import { openAccess } from "../../lib/access/registry.js";
import { createRunFolder, makeSafeName } from "../../lib/artifacts/index.js";
import { checkId, checkInterface, checkPath, fileNameOf } from "../../lib/capture/names.js";
import { parseEnd } from "../../lib/cluster/index.js";
import { HopbookError } from "../../lib/errors.js";
import { visibleLines } from "../../lib/model/visible.js";
import { EACH_PAYLOAD, isUntouched, OBEYED } from "./payloads.js";

/** Plain text for a person, whatever the value was. */
function isClear(error: unknown): boolean {
  if (!(error instanceof HopbookError) || error.code === "INTERNAL") return false;
  const said = visibleLines([error.message, error.hint, error.detail].join("\n"));
  return error.hint !== undefined && !OBEYED.test(said) && said.length < 4000;
}

t.test("an end that is no end is refused, or is a name and nothing more", async (t) => {
  for (const [name, payload] of EACH_PAYLOAD) {
    for (const text of [
      payload,
      `shop/${payload}`,
      `${payload}/web`,
      `shop/web:${payload}`,
      `node/${payload}`,
    ]) {
      try {
        const end = parseEnd(text);
        if (end.kind === "selector") {
          t.match(end.selector, /^[0-9A-Za-z_.,/!=-]+$/, `${name}: ${JSON.stringify(text)}`);
          continue;
        }
        const words =
          end.kind === "ip" ? [end.ip] : [end.name, "namespace" in end ? (end.namespace ?? "") : ""];
        for (const word of words) t.match(word, /^[0-9A-Za-z_.-]*$/, `${name}: ${JSON.stringify(text)}`);
        for (const word of words) t.notMatch(word, /^-/, `${name}: no option`);
      } catch (error) {
        t.ok(isClear(error), `${name}: a clear error`);
      }
    }
  }
});

t.test("what becomes a word of tcpdump's command line", async (t) => {
  for (const [name, payload] of EACH_PAYLOAD) {
    for (const check of [checkInterface, checkId]) {
      try {
        t.match(check(payload), /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]*$/, `${name}: ${check.name}`);
      } catch (error) {
        t.ok(isClear(error), `${name}: ${check.name} refuses`);
      }
    }
    for (const path of [payload, `/run/netns/${payload}`, `/proc/1/${payload}/ns/net`]) {
      try {
        const checked = checkPath(path);
        t.match(checked, /^\/[^\n\0]*$/, `${name}: absolute, one line`);
        t.notOk(checked.split("/").includes(".."), `${name}: does not climb`);
      } catch (error) {
        t.ok(isClear(error), `${name}: the path is refused`);
      }
    }
  }
});

t.test("file and folder names", async (t) => {
  for (const [name, payload] of EACH_PAYLOAD) {
    t.match(makeSafeName(payload), /^[A-Za-z0-9_][A-Za-z0-9._-]{0,79}$/, name);
    t.match(fileNameOf(payload), /^[A-Za-z0-9._-]{0,80}$/, name);
    const out = t.testdir();
    const folder = await createRunFolder({
      ...{ out, runbook: "trace-path", target: payload },
      ...{ now: new Date("2026-11-20T21:44:54Z"), id: "0123456789ab" },
    });
    t.ok(folder.dir.startsWith(`${out}/`), `${name}: the run's folder is where it should be`);
    t.equal(readdirSync(out).length, 1, `${name}: and nothing else is there`);
    await folder.writeText("evidence/x.txt", "x").catch(() => undefined);
    for (const path of [payload, `evidence/${payload}`]) {
      try {
        await folder.writeText(path, "x");
        t.ok(!path.startsWith("/") && !path.includes(".."), `${name}: written within the folder`);
      } catch (error) {
        t.ok(error instanceof HopbookError && error.code !== "INTERNAL", `${name}: ${JSON.stringify(path)}`);
      }
    }
    t.equal(readdirSync(out).length, 1, `${name}: nothing got out of the folder`);
  }
});

t.test("a profile's host and user are never options of ssh", async (t) => {
  const cwd = t.testdir();
  const before = process.cwd();
  process.chdir(cwd);
  t.teardown(() => process.chdir(before));
  for (const [name, payload] of EACH_PAYLOAD) {
    // A name that ssh may well be given; it is looked up and not found.
    if (/^[A-Za-z0-9_./:[\]%][A-Za-z0-9_./:[\]%-]*$/.test(payload)) continue;
    for (const target of [
      { name: "one", address: payload, access: { via: "ssh" as const } },
      { name: "one", address: "192.0.2.1", access: { via: "ssh" as const, user: payload } },
      { name: "one", address: "192.0.2.1", access: { via: "ssh" as const, proxyJump: payload } },
    ]) {
      const error: unknown = await openAccess(target).then(
        (access) => access.close(),
        (reason: unknown) => reason,
      );
      t.match(error, { name: "HopbookError", code: "INPUT_INVALID" }, `${name}: refused before ssh starts`);
    }
  }
  t.ok(isUntouched(cwd), "nothing was run");
});
