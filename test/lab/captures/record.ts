import { readFileSync, writeFileSync } from "node:fs";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isPod, PODS, run, start } from "./world.js";

/** Machines' clocks, µs ahead: each node has its own, and its pods have it. */
const AHEAD_US: Readonly<Record<string, number>> = { n1: 0, n2: -2_345_678, n3: 812_003, fab: 41_777 };

const NOISE = "not (ip6 and ip6[6]=0) and not (icmp6 and (ip6[40]=133 or ip6[40]=143))";

/** Resolves when all listen, with what ends them; files are `machine.interface.pcap`. */
export async function record(
  files: readonly string[],
  { dir, snaplen, filter }: { readonly dir: string; readonly snaplen: number; readonly filter: string },
): Promise<() => Promise<void>> {
  const captures = files.map((file) => {
    const at = file.indexOf(".");
    const argv = ["tcpdump", "-Z", "root", "-n", "-p", "--immediate-mode", "-U", "-s", `${snaplen}`];
    const device = file.slice(at + 1);
    const only = device === "any" ? filter : [filter, NOISE].filter((one) => one !== "").join(" and ");
    return start(file.slice(0, at), [...argv, "-i", device, "-w", `${dir}/${file}.pcap`, only]);
  });
  try {
    await Promise.all(captures.map((one, index) => listening(one, files[index] ?? "")));
  } catch (error) {
    for (const one of captures) one.kill("SIGKILL");
    throw error;
  }
  return async () => {
    await sleep(400);
    const ended = captures.map((one) => once(one, "close"));
    // The process is `ip netns exec`, which became tcpdump.
    for (const one of captures) one.kill("SIGINT");
    await Promise.all(ended);
    for (const file of files) shiftClock(`${dir}/${file}.pcap`, aheadOf(file.slice(0, file.indexOf("."))));
  };
}

function listening(capture: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    capture.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("listening on")) resolve();
    });
    capture.once("close", () => reject(new Error(`${file}: ${said}`)));
  });
}

export const aheadOf = (machine: string): number => AHEAD_US[isPod(machine) ? PODS[machine] : machine] ?? 0;

/** All namespaces share the kernel's clock, nodes do not. */
function shiftClock(path: string, aheadUs: number): void {
  const bytes = readFileSync(path);
  for (let at = 24; at + 16 <= bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    const timeUs = bytes.readUInt32LE(at) * 1e6 + bytes.readUInt32LE(at + 4) + aheadUs;
    bytes.writeUInt32LE(Math.floor(timeUs / 1e6), at);
    bytes.writeUInt32LE(timeUs % 1e6, at + 4);
  }
  writeFileSync(path, bytes);
}

/** One file a set. */
export function pack(dir: string, target: string): void {
  run(
    "fab",
    `tar -c -C ${dir} --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar . | gzip -9n >${target}`,
  );
}
