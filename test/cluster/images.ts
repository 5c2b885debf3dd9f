import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { BUSYBOX_IMAGE, cacheDir, COREDNS_IMAGE, PAUSE_IMAGE, SOURCE_DIR, TOOLS_IMAGE } from "./names.js";
import { writeImage } from "./oci.js";
import { unpackPackage } from "./packages.js";
import { binDir } from "./programs.js";
import { retry, run } from "./run.js";

/** What a debugging image has to have, and what the shop's pods use. */
const TOOLS_PACKAGES = [
  "bind9-dnsutils",
  "curl",
  "ethtool",
  "iproute2",
  "iputils-ping",
  "netcat-openbsd",
  "nftables",
  "procps",
  "tcpdump",
  "util-linux",
];

const SUITE = "bookworm";
const DEBIAN = "http://deb.debian.org/debian";
/** Of no use in a container, and most of its size. */
const USELESS = [
  "usr/share/doc",
  "usr/share/man",
  "usr/share/locale",
  "usr/share/info",
  "var/lib/apt/lists",
  "var/cache",
];

interface Image {
  readonly name: string;
  /** To be raised when what fills the image changes. */
  readonly revision: number;
  readonly command: readonly string[];
  readonly fill: (rootDir: string) => Promise<void>;
  /** The file of the cache that it comes from, if it is one. */
  readonly from?: string;
}

const IMAGES: readonly Image[] = [
  { name: PAUSE_IMAGE, revision: 1, command: ["/pause"], fill: fillPause },
  { name: BUSYBOX_IMAGE, revision: 1, command: ["/bin/sh"], fill: fillBusybox },
  { name: TOOLS_IMAGE, revision: 1, command: ["/bin/bash"], fill: fillTools },
  { name: COREDNS_IMAGE, revision: 1, command: ["/coredns"], fill: fillCoredns },
];

export const imagesDir = (): string => join(cacheDir(), "images");

/** Makes every image that is not in the cache, from Debian's packages; nothing is pulled. Needs root. */
export async function buildImages(say: (text: string) => void): Promise<void> {
  mkdirSync(imagesDir(), { recursive: true });
  for (const image of IMAGES) {
    const short = image.name.replace(/^.*\//, "").replace(/:.*$/, "");
    const archive = join(imagesDir(), `${short}-${String(image.revision)}.tar`);
    if (existsSync(archive)) continue;
    say(`making the image ${image.name}`);
    const startedAtMs = performance.now();
    const rootDir = mkdtempSync(join(cacheDir(), `root-${short}-`));
    try {
      chmodSync(rootDir, 0o755);
      await image.fill(rootDir);
      await writeImage({ name: image.name, rootDir, command: image.command }, archive);
    } finally {
      rmSync(rootDir, { recursive: true, force: true });
    }
    for (const old of readdirSync(imagesDir())) {
      if (old.startsWith(`${short}-`) && join(imagesDir(), old) !== archive) rmSync(join(imagesDir(), old));
    }
    say(`made ${short} in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
  }
}

async function fillPause(rootDir: string): Promise<void> {
  const source = join(SOURCE_DIR, "images", "pause.c");
  await run(["gcc", "-static", "-O2", "-s", "-o", join(rootDir, "pause"), source], { timeoutMs: 60_000 });
}

async function fillBusybox(rootDir: string): Promise<void> {
  await unpackPackage("busybox-static", async (root) => {
    mkdirSync(join(rootDir, "bin"));
    const busybox = join(root, "bin", "busybox");
    copyFileSync(busybox, join(rootDir, "bin", "busybox"));
    chmodSync(join(rootDir, "bin", "busybox"), 0o755);
    const applets = (await run([busybox, "--list"])).split("\n").filter((name) => /^[\w[.-]+$/.test(name));
    for (const applet of applets) {
      if (applet !== "busybox") symlinkSync("busybox", join(rootDir, "bin", applet));
    }
    for (const name of ["etc", "tmp", "srv"]) mkdirSync(join(rootDir, name));
    chmodSync(join(rootDir, "tmp"), 0o1777);
  });
}

/** Where apt gets Debian's own packages from here; elsewhere than on Debian's SUITE, Debian itself. */
async function findMirror(): Promise<string> {
  const format = "$(SITE) $(RELEASE) $(CODENAME) $(ORIGIN)";
  const targets = (await run(["apt-get", "indextargets", "--format", format])).split("\n");
  const fits = ([, release, codename, origin]: string[]): boolean =>
    [release, codename].includes(SUITE) && (origin === "Debian" || origin === "");
  return targets.map((line) => line.split(" ")).find(fits)?.[0] ?? DEBIAN;
}

async function fillTools(rootDir: string): Promise<void> {
  const mirror = await findMirror();
  const include = `--include=${TOOLS_PACKAGES.join(",")}`;
  await retry(`Debian's ${SUITE} from ${mirror}`, async () => {
    for (const name of readdirSync(rootDir)) rmSync(join(rootDir, name), { recursive: true });
    const argv = ["debootstrap", "--variant=minbase", include, SUITE, rootDir, mirror];
    await run(argv, { timeoutMs: 15 * 60_000 });
  });
  for (const path of USELESS) rmSync(join(rootDir, path), { recursive: true, force: true });
}

async function fillCoredns(rootDir: string): Promise<void> {
  copyFileSync(join(binDir(), "coredns"), join(rootDir, "coredns"));
}
