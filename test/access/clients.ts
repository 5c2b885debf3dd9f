import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import type { NodeTarget } from "../../lib/model/access.js";
import { compiledOf } from "../compiled.js";

export interface TestClient {
  readonly child: ChildProcess;
  /** The stream's process, as its own PID namespace numbers it. */
  readonly streamPid: number;
  readonly ended: Promise<void>;
}

/** Starts test/access/client.ts in a process of its own and waits for its stream's first line. */
export async function startClient(
  target: NodeTarget,
  options: { how: "wait" | "exit"; tmpdir?: string },
): Promise<TestClient> {
  const program = compiledOf("client.ts", import.meta.url);
  const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(target), options.how], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...(options.tmpdir === undefined ? {} : { TMPDIR: options.tmpdir }) },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString("utf8")));
    child.once("exit", (code) => reject(new Error(`the client ended with ${code}`)));
    setTimeout(() => reject(new Error("the client did not start in 30 s")), 30_000).unref();
  });
  return { child, streamPid: Number(line), ended };
}

/** True while a process is there whose last number in NSpid (proc(5)) and whose command line fit. */
export function findByNamespacePid(pids: readonly string[], nsPid: number, text: string): string | undefined {
  return pids.find((pid) => {
    try {
      const nested = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.split(/\s+/);
      return Number(nested?.at(-1)) === nsPid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
    } catch {
      return false;
    }
  });
}
