import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { parse } from "yaml";

const docs = join(import.meta.dirname, "../../docs");

interface Plugin {
  readonly command: string;
  readonly args: readonly string[];
}

t.test("the keys for k9s run hopbook on the pod", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-k9s-"));
  t.teardown(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, "hopbook"), '#!/bin/sh\nprintf "<%s>" "$@" >"$0.ran"\n', { mode: 0o755 });
  // GNU's and BSD's give the terminal back to what they run; here there is none.
  writeFileSync(join(dir, "xargs"), '#!/bin/sh\n[ "$1" = -o ] && shift\nread -r word; exec "$@" "$word"\n', {
    mode: 0o755,
  });
  const { plugins } = parse(readFileSync(join(docs, "k9s.yaml"), "utf8")) as {
    plugins: Record<string, Plugin>;
  };
  const values: Record<string, string> = { $CONTEXT: "prod", "$NAMESPACE/$NAME": "shop/client" };
  const run = (name: string): string => {
    const { command = "", args = [] } = plugins[name] ?? {};
    for (const word of args)
      t.notMatch(word.replaceAll("$@", ""), /\$(?!CONTEXT$|NAMESPACE\/\$NAME$|NAME$)/, "k9s knows it");
    const env = { ...process.env, PATH: `${dir}:${String(process.env["PATH"])}` };
    const { status } = spawnSync(
      command,
      args.map((word) => values[word] ?? word),
      { env, input: "shop/web:80\n\n" },
    );
    t.equal(status, 0);
    return readFileSync(join(dir, "hopbook.ran"), "utf8");
  };
  t.equal(run("hopbook-trace"), "<run><trace-path><--context><prod><--from><shop/client><--to><shop/web:80>");
  t.equal(run("hopbook-capture"), "<capture><--context><prod><--pod><shop/client><--duration><10m><--print>");
});

t.test("the tasks for VS Code are whole", async (t) => {
  const text = readFileSync(join(docs, "vscode-tasks.json"), "utf8");
  const { tasks, inputs } = JSON.parse(text) as {
    tasks: readonly { readonly command: string; readonly args: readonly string[] }[];
    inputs: readonly { readonly id: string }[];
  };
  t.equal(tasks.length, 2);
  const used = tasks.flatMap(({ args }) =>
    args.flatMap((word) => /^\$\{input:(\w+)\}$/.exec(word)?.[1] ?? []),
  );
  t.strictSame([...new Set(used)].sort(), inputs.map(({ id }) => id).sort());
});
