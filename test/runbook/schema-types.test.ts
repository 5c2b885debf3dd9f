import t from "tap";
import { BOOL, INT, listOf, mapOf, nameType, STRING, type CelType } from "../../lib/cel/index.js";
import { canBe, schemaAt, typeOfOutputs, typeOfSchema, typesTaken } from "../../lib/runbook/schema-types.js";

const $defs = { hop: { type: "object", properties: { index: { type: "integer" } } } };
const HOP = { $ref: "#/$defs/hop", $defs };

t.test("the type of what a schema describes", async (t) => {
  const table: [unknown, string][] = [
    [true, "dyn"],
    [{}, "dyn"],
    [HOP, "map"],
    [{ $ref: "#/nowhere/else" }, "dyn"],
    [{ const: "a" }, "string"],
    [{ const: 1 }, "int"],
    [{ const: 1.5 }, "double"],
    [{ const: true }, "bool"],
    [{ const: null }, "null"],
    [{ const: [1, 2] }, "list<int>"],
    [{ const: { a: 1 } }, "map"],
    [{ enum: ["a", null] }, "string or null"],
    [{ enum: [1, "a"] }, "dyn"],
    [{ type: ["integer", "null"] }, "int or null"],
    [{ type: ["integer", "string"] }, "dyn"],
    [{ anyOf: [{ type: "string" }, { enum: ["a"] }] }, "string"],
    [{ oneOf: [{ type: "integer" }, { type: "number" }] }, "double"],
    [{ type: "object", additionalProperties: false }, "map"],
    [{ type: "object", additionalProperties: { type: "string" } }, "map"],
    [{ type: "array", items: HOP, $defs }, "list<map>"],
  ];
  for (const [schema, name] of table) t.equal(nameType(typeOfSchema(schema)), name, JSON.stringify(schema));
});

t.test("the properties of an object", async (t) => {
  const property = (schema: unknown, name: string): string | undefined => {
    const type = typeOfSchema(schema);
    const found = type.kind === "object" ? type.property(name) : undefined;
    return found && nameType(found);
  };
  t.equal(property(HOP, "index"), "int");
  t.equal(property(HOP, "constructor"), undefined);
  t.equal(property({ const: { a: [true] } }, "a"), "list<bool>");
  const isOpen = (type: CelType): boolean | undefined => (type.kind === "object" ? type.open : undefined);
  t.equal(isOpen(typeOfSchema({ type: "object", additionalProperties: false })), false, "it has none");
  t.equal(isOpen(typeOfSchema(HOP)), true, "there may be others");
  t.equal(isOpen(typeOfOutputs(HOP)), false, "a kind names its outputs");
  t.equal(isOpen(typeOfOutputs({ ...HOP.$defs.hop, additionalProperties: true })), true, "unless it says so");
  t.equal(nameType(typeOfOutputs(undefined)), "dyn");
});

t.test("what a schema takes, one type for each alternative", async (t) => {
  const table: [unknown, string | undefined][] = [
    [undefined, undefined],
    [{}, undefined],
    [{ type: "string" }, "string"],
    [{ type: ["string", "integer"] }, "string or int"],
    [{ type: ["string", "unheard-of"] }, "string or dyn"],
    [{ anyOf: [{ type: "string" }, { type: "number" }] }, "string or double"],
    [{ oneOf: [{ type: "string" }, {}] }, undefined],
    [HOP, "map"],
    [{ anyOf: [{ $ref: "#/$defs/hop" }, { type: "null" }], $defs }, "map or null"],
  ];
  for (const [schema, names] of table) {
    t.equal(typesTaken(schema)?.map(nameType).join(" or "), names, JSON.stringify(schema));
  }
});

t.test("whether a value can be what is taken", async (t) => {
  const text = (...values: string[]): CelType => ({ kind: "string", values });
  const table: [CelType, unknown, boolean][] = [
    [STRING, { type: "string" }, true],
    [STRING, { type: ["integer", "unheard-of"] }, true],
    [text("a"), { type: ["integer", "unheard-of"] }, true],
    [text("a"), { enum: ["a", "b"] }, true],
    [text("a", "c"), { enum: ["a", "b"] }, false],
    [text("a"), { type: "integer" }, false],
    [INT, { type: "number" }, true],
    [BOOL, { type: "string" }, false],
    [listOf(INT), { type: "array", items: { type: "string" } }, false],
    [listOf(INT), { type: "array" }, true],
    [listOf(INT), { type: "string" }, false],
    [mapOf(STRING, INT), HOP, true],
    [mapOf(STRING, INT), { type: "array" }, false],
  ];
  for (const [type, schema, expected] of table) {
    const said = `${nameType(type)} for ${JSON.stringify(schema)}`;
    t.equal(canBe(type, typesTaken(schema) ?? []), expected, said);
  }
});

t.test("the schema of a part", async (t) => {
  const schema = {
    type: "object",
    properties: { path: { type: "array", items: { $ref: "#/$defs/hop" } } },
    additionalProperties: { type: "boolean" },
    $defs,
  };
  t.same(schemaAt(schema, ["path", 0, "index"]), { type: "integer" });
  t.same(schemaAt(schema, ["path", 0]), $defs.hop);
  t.same(schemaAt(schema, ["other"]), { type: "boolean" });
  t.equal(schemaAt(schema, ["path", 0, "index", "deeper"]), undefined);
  t.equal(schemaAt(true, ["a"]), undefined);
});
