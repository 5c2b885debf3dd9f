import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { parse } from "yaml";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

t.test("what krew installs runs from its archive alone, through krew's link", async (t) => {
  const out = t.testdir();
  execFileSync(process.execPath, [join(ROOT, "bin/krew.js"), out, "https://example.test/{version}/h.tar.gz"]);
  const manifest = parse(readFileSync(join(out, "hopbook.yaml"), "utf8")) as Manifest;
  t.match(manifest, {
    apiVersion: "krew.googlecontainertools.github.com/v1alpha2",
    kind: "Plugin",
    metadata: { name: "hopbook" },
    spec: { version: /^v\d+\.\d+\.\d+$/ },
  });
  t.ok(manifest.spec.shortDescription.length <= 50, "krew's limit for the short description");
  const [platform] = manifest.spec.platforms;
  const archive = join(out, "hopbook.tar.gz");
  t.equal(platform?.sha256, createHash("sha256").update(readFileSync(archive)).digest("hex"));
  t.equal(platform?.uri, `https://example.test/${manifest.spec.version}/h.tar.gz`);

  const [store, bin] = [join(out, "store"), join(out, "bin")];
  mkdirSync(store);
  mkdirSync(bin);
  execFileSync("tar", ["-xzf", archive, "-C", store]);
  const link = join(bin, "kubectl-hopbook");
  symlinkSync(join(store, platform?.bin ?? ""), link);
  const env = { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: out };
  const listed = spawnSync("kubectl-hopbook", ["list"], { cwd: out, env, encoding: "utf8" });
  t.equal(listed.status, 0, listed.stderr);
  t.match(listed.stdout, /trace-path/);
  const help = spawnSync("kubectl-hopbook", ["--help"], { cwd: out, env, encoding: "utf8" });
  t.match(help.stdout, /^Usage: kubectl hopbook /);
  const withoutNode = spawnSync("/bin/sh", [link, "list"], {
    env: { PATH: join(out, "bin") },
    encoding: "utf8",
  });
  t.not(withoutNode.status, 0);
});

interface Manifest {
  readonly spec: {
    readonly version: string;
    readonly shortDescription: string;
    readonly platforms: readonly { readonly uri: string; readonly sha256: string; readonly bin: string }[];
  };
}
