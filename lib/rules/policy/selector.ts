import { all, matches, NO, open, YES, type Match } from "./match.js";
import { asList, asRecord, fieldOf, textEntries, textOf } from "../../linux/json.js";

type Labels = Readonly<Record<string, string>>;

/**
 * A label selector (meta/v1 LabelSelector) on labels, null where those could not be read: an empty one takes all, whatever
 * their labels. An operator that is none of the API's takes nothing that is known; a label whose value is no text, which no
 * API server keeps, is a doubt.
 */
export function select(selector: unknown, labels: Labels | null, whose: string): Match {
  const given = asRecord(fieldOf(selector, "matchLabels"));
  const wanted = Object.entries(textEntries(given));
  const expressions = asList(fieldOf(selector, "matchExpressions"));
  if (wanted.length < Object.keys(given).length) return open("a selector's matchLabels are not all text");
  if (wanted.length === 0 && expressions.length === 0) return YES;
  if (labels === null) return open(`the labels of ${whose} could not be read`);
  return all([
    ...wanted.map(([key, value]) => matches(valueOf(labels, key) === value)),
    ...expressions.map((expression) => express(expression, labels)),
  ]);
}

function express(expression: unknown, labels: Labels): Match {
  const key = textOf(expression, "key") ?? "";
  const operator = textOf(expression, "operator") ?? "";
  const values = asList(fieldOf(expression, "values"));
  const own = valueOf(labels, key);
  switch (operator) {
    case "In":
      return matches(own !== undefined && values.includes(own));
    case "NotIn":
      return matches(own === undefined || !values.includes(own));
    case "Exists":
      return matches(own !== undefined);
    case "DoesNotExist":
      return matches(own === undefined);
    default:
      return NO;
  }
}

function valueOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** As kubectl writes it: `app=web,tier in (front,back)`; "any" for an empty one. */
export function spellSelector(selector: unknown): string {
  const wanted = Object.entries(asRecord(fieldOf(selector, "matchLabels")));
  const expressions = asList(fieldOf(selector, "matchExpressions")).map((expression) => {
    const key = textOf(expression, "key") ?? "";
    const values = asList(fieldOf(expression, "values")).filter((value) => typeof value === "string");
    const operator = textOf(expression, "operator") ?? "";
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator === "NotIn" ? "notin" : operator.toLowerCase()} (${values.join(",")})`;
  });
  const all = [
    ...wanted.map(([key, value]) => `${key}=${typeof value === "string" ? value : "(no text)"}`),
    ...expressions,
  ];
  return all.length === 0 ? "any" : all.join(",");
}
