import { isAbsolute, relative, sep } from "node:path";

/** Files that show this process itself, or are doors to elsewhere: no permission reaches them. */
const DOORS = /^\/(proc|sys|dev)(\/|$)/;

/** Why a path may be asked for by nobody; undefined where it may. */
export function findPathFault(path: string): string | undefined {
  if (path.includes("\0")) return "it holds a NUL";
  if (!isAbsolute(path)) return "it is not absolute";
  if (path.split(/[/\\]/).includes("..")) return "it climbs out by ..";
  return DOORS.test(path) ? "/proc, /sys and /dev show this process itself and are never granted" : undefined;
}

/** Whether a path is the granted one or lies below it. Both absolute, with no link left in them. */
export function containsPath(granted: string, path: string): boolean {
  const way = relative(granted, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

export function overlapPaths(one: string, other: string): boolean {
  return containsPath(one, other) || containsPath(other, one);
}
