import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "./names.js";
import { retry, run } from "./run.js";

/**
 * Unpacks a Debian package for `use` and takes it away again. It is not installed: on the machine itself a
 * busybox-static would take the place of busybox.
 */
export async function unpackPackage(
  name: string,
  use: (root: string) => Promise<void> | void,
): Promise<void> {
  mkdirSync(cacheDir(), { recursive: true });
  const dir = mkdtempSync(join(cacheDir(), "package-"));
  try {
    await retry(`Debian's package ${name}`, async () => {
      const get = ["env", "-C", dir, "apt-get", "-qq"];
      const download = (): Promise<string> => run([...get, "download", name], { timeoutMs: 120_000 });
      // A new machine has no lists, and an old one's name packages that are gone.
      await download().catch(async () => {
        await run([...get, "update"], { timeoutMs: 120_000 });
        await download();
      });
    });
    const file = readdirSync(dir).find((each) => each.endsWith(".deb"));
    if (file === undefined) throw new Error(`apt-get gave no package ${name}`);
    const root = join(dir, "root");
    await run(["dpkg-deb", "-x", join(dir, file), root], { timeoutMs: 60_000 });
    await use(root);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
