/**
 * `worker-*` fits `worker-1`: a star stands for any letters of a name. Without the backtracking of a regular
 * expression: each part is looked for behind the one before.
 */
export function fitsName(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (!name.startsWith(first)) return false;
  if (rest.length === 0) return name === first;
  const last = rest.pop() ?? "";
  let position = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return name.length - last.length >= position && name.endsWith(last);
}

const PART = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,252}$/;

/** Whether a text can be a node's name: it becomes the name of a folder, so it has no slash and does not climb. */
export function isNodeName(text: string): boolean {
  return PART.test(text) && !text.includes("..");
}

/** The name of a way in: a node's, or `namespace/pod` of a pod that alone can be entered. */
export function isTargetName(text: string): boolean {
  const parts = text.split("/");
  return parts.length <= 2 && parts.every(isNodeName);
}
