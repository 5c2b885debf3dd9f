import t from "tap";
import { dataTypeOf, DURATION, INT, nameType, objectOf, optionalOf } from "../../lib/cel/index.js";

t.test("what is left of a type where its value becomes data", async (t) => {
  t.equal(nameType(dataTypeOf(optionalOf(INT))), "int or null");
  t.equal(nameType(dataTypeOf({ kind: "uint", nullable: true })), "int or null");
  const object = dataTypeOf(objectOf({ wait: DURATION }));
  t.equal(object.kind, "object");
  if (object.kind !== "object") return;
  t.equal(object.property("wait")?.kind, "string");
  t.equal(object.property("zz"), undefined);
});
