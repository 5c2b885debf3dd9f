import type { getConformanceSuite } from "@bufbuild/cel-spec/testdata/tests.js";
import {
  Duration,
  MadeList,
  MadeMap,
  Timestamp,
  TypeValue,
  Uint,
  type CelValue,
} from "../../lib/cel/values.js";

type Original = ReturnType<typeof getConformanceSuite>["tests"][number]["original"];
type Expected = Extract<Original["resultMatcher"], { case: "value" }>["value"];

/** A value of a case that there is none of here: a message, an enum. */
export class NoValue extends Error {}

/** A value of the cases' own form. Throws NoValue. */
export function fromProtobuf({ kind }: Expected): CelValue {
  switch (kind.case) {
    case "nullValue":
      return null;
    case "boolValue":
    case "doubleValue":
    case "stringValue":
    case "bytesValue":
    case "int64Value":
      return kind.value;
    case "uint64Value":
      return new Uint(kind.value);
    case "typeValue":
      return new TypeValue(kind.value);
    case "listValue":
      return new MadeList(kind.value.values.map(fromProtobuf));
    case "mapValue":
      return new MadeMap(
        kind.value.entries.map(({ key, value }) => {
          if (key === undefined || value === undefined) throw new NoValue("half an entry");
          return [fromProtobuf(key), fromProtobuf(value)];
        }),
      );
    case "objectValue":
      return fromMessage(kind.value.typeUrl, kind.value.value);
    default:
      throw new NoValue(String(kind.case));
  }
}

/** Durations and timestamps are messages of {1: seconds, 2: nanos}. */
function fromMessage(typeUrl: string, bytes: Uint8Array): CelValue {
  const name = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
  const [seconds = 0n, nanos = 0n] = readFields(bytes);
  const all = BigInt.asIntN(64, seconds) * 1_000_000_000n + BigInt.asIntN(32, nanos);
  if (name === "google.protobuf.Duration") return new Duration(all);
  if (name === "google.protobuf.Timestamp") return new Timestamp(all);
  throw new NoValue(name);
}

/** The first two fields, which are variable-length integers. */
function readFields(bytes: Uint8Array): bigint[] {
  const fields = [0n, 0n];
  for (let position = 0; position < bytes.length;) {
    const field = (bytes[position++] ?? 0) >> 3;
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = BigInt(bytes[position++] ?? 0);
      value |= (byte & 127n) << shift;
      shift += 7n;
      if (byte < 128n) break;
    }
    fields[field - 1] = value;
  }
  return fields;
}
