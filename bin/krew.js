#!/usr/bin/env node
// Makes what krew installs: one archive with everything but Node itself, and the manifest that names it by its hash.
//   node bin/krew.js OUT_DIR URL     URL: where the archive will be downloaded from; {version} stands for v1.2.3
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** The files' time, so that the same source gives the same hash. */
const EPOCH = process.env.SOURCE_DATE_EPOCH ?? "1700000000";
const WRAPPER = `#!/bin/sh
# krew links this from its own folder: the real place is behind the link.
self=$0
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=$(dirname "$self")/$link ;; esac
done
command -v node >/dev/null 2>&1 || { echo "kubectl hopbook: Node 20.19 or newer is needed on PATH" >&2; exit 1; }
exec node "$(dirname "$self")/bin/kubectl-hopbook.js" "$@"
`;

const [out, url] = process.argv.slice(2);
if (out === undefined || url === undefined || !/^https:\/\/\S+\.tar\.gz$/.test(url)) {
  process.stderr.write("usage: node bin/krew.js OUT_DIR https://…/{version}/hopbook.tar.gz\n");
  process.exit(2);
}
const { version, description } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
if (!existsSync(join(ROOT, "dist", "cli", "plugin.js"))) {
  process.stderr.write("krew: build first: npm run build\n");
  process.exit(1);
}
const work = mkdtempSync(join(tmpdir(), "hopbook-krew-"));
try {
  const packed = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work], {
      cwd: ROOT,
      encoding: "utf8",
    }),
  );
  const files = Array.isArray(packed) ? packed[0] : Object.values(packed)[0];
  execFileSync("tar", ["-xzf", join(work, files.filename), "-C", work]);
  const folder = join(work, "package");
  // What the lock file says, as it is installed here; the sandbox of scripts is another binary for each platform.
  const argv = ["ls", "--omit=dev", "--omit=optional", "--all", "--parseable"];
  const modules = execFileSync("npm", argv, { cwd: ROOT, encoding: "utf8" }).split("\n").slice(1);
  for (const dir of modules.filter((line) => line !== "")) {
    const target = join(folder, relative(ROOT, dir));
    const nested = join(dir, "node_modules");
    cpSync(dir, target, { recursive: true, filter: (path) => path !== nested });
  }
  writeFileSync(join(folder, "kubectl-hopbook"), WRAPPER);
  chmodSync(join(folder, "kubectl-hopbook"), 0o755);
  mkdirSync(out, { recursive: true });
  const archive = resolve(out, "hopbook.tar.gz");
  const plain = join(work, "hopbook.tar");
  const sorted = ["--sort=name", `--mtime=@${EPOCH}`, "--owner=0", "--group=0", "--numeric-owner"];
  execFileSync("tar", [...sorted, "-cf", plain, "-C", folder, "."]);
  writeFileSync(archive, execFileSync("gzip", ["-9nc", plain], { maxBuffer: 1 << 30 }));
  const sha256 = createHash("sha256").update(readFileSync(archive)).digest("hex");
  writeFileSync(join(out, "hopbook.yaml"), stringify(manifest(sha256)));
  process.stdout.write(`${archive}\n${resolve(out, "hopbook.yaml")}\nsha256 ${sha256}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest */
function manifest(sha256) {
  return {
    apiVersion: "krew.googlecontainertools.github.com/v1alpha2",
    kind: "Plugin",
    metadata: { name: "hopbook" },
    spec: {
      version: `v${version}`,
      homepage: "https://hopbook.dev",
      shortDescription: "Find the hop where a pod's packets are lost",
      description: `${description}.\n\nCaptures at every hop between two pods at once, makes traffic, and says at which hop it was lost, with the evidence.\n`,
      caveats: "Needs Node 20.19 or newer on PATH.\nTry: kubectl hopbook doctor\n",
      platforms: [
        {
          selector: { matchExpressions: [{ key: "os", operator: "In", values: ["linux", "darwin"] }] },
          uri: url.replaceAll("{version}", `v${version}`),
          sha256,
          bin: "kubectl-hopbook",
        },
      ],
    },
  };
}
