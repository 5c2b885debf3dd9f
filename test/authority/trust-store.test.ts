import t, { type Test } from "tap";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isTrusted, trustDigest } from "../../lib/authority/trust-store.js";

const DIGEST = "a".repeat(64);
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A state folder of this test's own, with the parts of the store in it. */
function useStore(t: Test): { readonly state: string; readonly hopbook: string; readonly trusted: string } {
  const before = process.env["XDG_STATE_HOME"];
  const state = join(t.testdir({}), "state");
  process.env["XDG_STATE_HOME"] = state;
  t.teardown(() => {
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
  });
  return { state, hopbook: join(state, "hopbook"), trusted: join(state, "hopbook/trusted") };
}

t.test("what was agreed to is remembered, and nothing else", async (t) => {
  const { trusted } = useStore(t);
  t.notOk(await isTrusted(DIGEST), "no store yet");
  await trustDigest(DIGEST);
  t.ok(await isTrusted(DIGEST));
  t.notOk(await isTrusted("b".repeat(64)));
  t.strictSame(readdirSync(trusted), [DIGEST]);
});

t.test("a store that others may write, or that lies elsewhere, has no say and takes nothing", async (t) => {
  const changes: Record<string, (store: ReturnType<typeof useStore>) => void> = {
    "the store is open to others": ({ trusted }) => chmodSync(trusted, 0o777),
    "the folder above it is open to others": ({ hopbook }) => chmodSync(hopbook, 0o777),
    "the store is a link": ({ state, trusted }) => {
      renameSync(trusted, join(state, "moved"));
      symlinkSync(join(state, "moved"), trusted);
    },
    "the folder above it is a link": ({ state, hopbook }) => {
      renameSync(hopbook, join(state, "moved"));
      symlinkSync(join(state, "moved"), hopbook);
    },
    ...(isRoot && {
      "the store is another user's": ({ trusted }) => chownSync(trusted, NOBODY, NOBODY),
      "the folder above it is another user's": ({ hopbook }) => chownSync(hopbook, NOBODY, NOBODY),
    }),
  };
  for (const [name, change] of Object.entries(changes)) {
    await t.test(name, async (t) => {
      const store = useStore(t);
      await trustDigest(DIGEST);
      change(store);
      t.notOk(await isTrusted(DIGEST));
      await t.rejects(trustDigest("c".repeat(64)), /others may write/);
      t.notOk(existsSync(join(store.trusted, "c".repeat(64))), "nothing was written");
    });
  }
});

t.test("a digest that is a link, or another's file, is none", async (t) => {
  const { state, trusted } = useStore(t);
  mkdirSync(trusted, { recursive: true, mode: 0o700 });
  writeFileSync(join(state, "victim"), "");
  symlinkSync(join(state, "victim"), join(trusted, DIGEST));
  t.notOk(await isTrusted(DIGEST));
  await t.rejects(trustDigest(DIGEST), { code: "ELOOP" });
  if (!isRoot) return;
  const foreign = "d".repeat(64);
  writeFileSync(join(trusted, foreign), "");
  chownSync(join(trusted, foreign), NOBODY, NOBODY);
  t.notOk(await isTrusted(foreign));
});
