import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { readPlainLinks } from "../../../lib/bundles/plain/links.js";
import {
  readPlainFdb,
  readPlainNeighbours,
  readPlainRoutes,
  readPlainRules,
} from "../../../lib/bundles/plain/tables.js";
import { parseFdb } from "../../../lib/linux/fdb.js";
import { parseLinks } from "../../../lib/linux/links.js";
import { parseNeighbours } from "../../../lib/linux/neighbours.js";
import { parseRoutes } from "../../../lib/linux/routes.js";
import { parseRules } from "../../../lib/linux/rules.js";
import { localEndOf, remoteEndOf, wornBy } from "../../../lib/wire/registry.js";

/** One network namespace, printed both ways: test/fixtures/bundles/record.sh. */
const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, "../../fixtures/bundles", name), "utf8");

const TABLES = [
  ["routes", readPlainRoutes, parseRoutes],
  ["routes-6", readPlainRoutes, parseRoutes],
  ["neighbours", readPlainNeighbours, parseNeighbours],
  ["fdb", readPlainFdb, parseFdb],
  ["rules", readPlainRules, parseRules],
] as const;

for (const [name, plain, parse] of TABLES)
  t.test(`${name}: the text says what JSON says`, async (t) => {
    const wanted = parse(recorded(`${name}.json`));
    t.ok(wanted.length > 0);
    t.strictSame(parse(JSON.stringify(plain(recorded(`${name}.txt`)))), wanted);
    t.strictSame(parse(JSON.stringify(plain(""))), []);
    t.strictSame(parse(JSON.stringify(plain("what is this\n\n:"))), []);
  });

for (const name of ["links", "addresses"])
  t.test(`${name}: the text says what JSON says, as far as it is read`, async (t) => {
    const read = (text: string) =>
      parseLinks(text).map(({ data, bridgePort: _, ...link }) => ({
        ...link,
        worn: wornBy({ kind: link.kind, data }, 4),
        ends: [localEndOf({ kind: link.kind, data }), remoteEndOf({ kind: link.kind, data })],
      }));
    const wanted = read(recorded(`${name}.json`));
    t.ok(wanted.length > 4);
    t.strictSame(read(JSON.stringify(readPlainLinks(recorded(`${name}.txt`)))), wanted);
    t.strictSame(readPlainLinks("inet 10.0.0.1/8\nRX: bytes\n 1 2"), [], "lines that belong to no device");
  });
