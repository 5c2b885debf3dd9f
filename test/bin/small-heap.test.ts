import { spawnSync } from "node:child_process";
import t from "tap";

t.test("V8 takes the flag without a word, and young objects take less room", (t) => {
  const url = new URL("../../bin/small-heap.js", import.meta.url).href;
  const program = (first: string): string => `
    ${first}
    const { getHeapSpaceStatistics } = await import("node:v8");
    const kept = [];
    for (let index = 0; index < 3_000_000; index += 1) kept[index % 50_000] = { index };
    console.log(getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space").space_size);`;
  const run = (first: string): { readonly bytes: number; readonly stderr: string } => {
    const args = ["--input-type=module", "--eval", program(first)];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    return { bytes: Number(stdout), stderr };
  };
  const [plain, small] = [run(""), run(`await import(${JSON.stringify(url)});`)];
  t.equal(small.stderr, plain.stderr, "V8 knows the flag");
  t.ok(
    small.bytes > 0 && small.bytes * 4 <= plain.bytes,
    `${String(small.bytes)} in place of ${String(plain.bytes)}`,
  );
  t.end();
});
