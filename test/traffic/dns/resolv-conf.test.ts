import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { parseResolvConf, PROBE_SCRIPTS, searchWalk } from "../../../lib/traffic/index.js";
import { anyCharacter, fc } from "../../fixtures/property.js";

t.test("a kubelet's file", (t) => {
  const text =
    "nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5 timeout:2 attempts:3\n";
  t.strictSame(parseResolvConf(text), {
    nameservers: ["10.96.0.10"],
    search: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    ...{ ndots: 5, timeoutSec: 2, attempts: 3 },
  });
  t.end();
});

t.test("its defaults and bounds: three servers, the last search, addresses alone", (t) => {
  const { nameservers, search, ndots, timeoutSec, attempts } = parseResolvConf(
    "domain a.example\nsearch b.example. -x ;\nnameserver 1.1.1.1\nnameserver evil;rm\nnameserver FD00:0::1\nnameserver 3.3.3.3\nnameserver 4.4.4.4\noptions ndots:9999 rotate timeout:x\n",
  );
  t.strictSame(nameservers, ["1.1.1.1", "fd00::1", "3.3.3.3"]);
  t.strictSame(search, ["b.example"]);
  t.strictSame([ndots, timeoutSec, attempts], [15, 5, 2]);
  t.strictSame(parseResolvConf("").nameservers, []);
  t.end();
});

t.test("the walk: ndots decides what is first, a dot behind the name ends it", (t) => {
  const search = ["a.example", "b.example"];
  t.strictSame(searchWalk("web", { search, ndots: 5 }), ["web.a.example", "web.b.example", "web"]);
  t.strictSame(searchWalk("web.shop", { search, ndots: 1 }), [
    "web.shop",
    "web.shop.a.example",
    "web.shop.b.example",
  ]);
  t.strictSame(searchWalk("web.shop.", { search, ndots: 5 }), ["web.shop"]);
  const odd = [`${"x".repeat(70)}.example`, "-a", "a.example"];
  t.strictSame(searchWalk("web", { search: odd, ndots: 5 }), ["web.a.example", "web"]);
  const many = Array.from({ length: 32 }, (_, index) => `d${index}.example`);
  const walk = searchWalk("web", { search: many, ndots: 5 });
  t.strictSame([walk.length, walk.at(-1)], [12, "web"]);
  t.end();
});

t.test("no text makes it throw, nor give what is no address", (t) => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 300 }), (text) => {
      const config = parseResolvConf(`nameserver ${text}\nsearch ${text}\noptions ${text}`);
      return config.nameservers.every((ip) => /^[0-9a-f.:]+$/.test(ip)) && config.search.length <= 32;
    }),
  );
  t.end();
});

const LINES = /^(nameserver .*\n|search .*\n|options .*\n|domain .*\n)*#(done|none)\n$/;

t.test("the script tells resolver lines alone", (t) => {
  const script = PROBE_SCRIPTS["hopbook-resolver"] ?? "";
  const run = (word: string): string =>
    spawnSync("sh", ["-c", script, "hopbook-resolver", word], { encoding: "utf8" }).stdout;
  t.match(run("-"), LINES);
  t.match(run("/proc/self/ns/net"), LINES);
  const dir = t.testdir();
  writeFileSync(join(dir, "x"), "");
  t.equal(run(join(dir, "x")), "#none\n", "a file that is no network namespace");
  t.equal(run(join(dir, "gone")), "", "nor one that is not there");
  t.end();
});
