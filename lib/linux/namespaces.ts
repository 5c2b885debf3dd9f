import { integerOf, parseJson, recordsOf, textOf } from "./json.js";

/** A network namespace that has a name below /run/netns, and the id by which the asked one knows it. */
export interface NamedNamespace {
  readonly name: string;
  readonly id: number;
}

/** `ip -j netns list`: ip-netns(8). One into which no link leads has no id, and is left out. */
export function parseNamespaces(text: string): NamedNamespace[] {
  return recordsOf(parseJson(text)).flatMap((entry) => {
    const name = textOf(entry, "name");
    const id = integerOf(entry, "id");
    return name === null || id === null ? [] : [{ name, id }];
  });
}
