const NETNS_PATH_BYTES = 4095;

/** Whether a path can be given to `nsenter --net=`: absolute, bounded, no control characters, no `..`. */
export function isNetnsPath(path: string): boolean {
  if (!path.startsWith("/") || Buffer.byteLength(path) > NETNS_PATH_BYTES) return false;
  return !/[\p{Cc}\p{Cs}]/u.test(path) && !path.split("/").includes("..");
}

/** Whether a sandbox or container id can be given to crictl. */
export function isRuntimeId(id: string): boolean {
  return /^[0-9A-Za-z][0-9A-Za-z_.-]{0,255}$/.test(id);
}

/** A hostile text for people: quoted and cut, with control characters made visible. */
export function showText(text: string, maxLength = 200): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `"${cut.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, escape)}"`;
}

/** Many lines for people: only the last ones, with control characters other than newlines made visible. */
export function showTail(text: string, maxLines = 10): string {
  const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const lines = text.slice(-8192).trimEnd().split("\n").slice(-maxLines);
  return lines.map((line) => line.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, escape)).join("\n");
}
