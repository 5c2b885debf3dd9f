import t from "tap";
import { chmodSync } from "node:fs";
import { findProfile } from "../../../lib/cluster/profile/find.js";

const isRoot = process.getuid?.() === 0;

t.test(
  "a profile that may not be looked at is not said to be missing",
  { skip: isRoot ? false : "needs root" },
  async (t) => {
    const dir = t.testdir({ closed: { "cluster.yaml": "" } });
    chmodSync(`${dir}/closed`, 0o700);
    process.seteuid?.(65_534);
    try {
      await t.rejects(findProfile({ flag: `${dir}/closed/cluster.yaml`, cwd: "/", home: "/" }), {
        code: "FILE_UNREADABLE",
        message: /permission denied/,
        hint: /--cluster/,
      });
    } finally {
      process.seteuid?.(0);
    }
    await t.rejects(findProfile({ flag: `${dir}/none.yaml`, cwd: "/", home: "/" }), {
      code: "CLUSTER_NOT_FOUND",
    });
  },
);
