/** Bytes of an interface name the kernel takes at most: IFNAMSIZ (16) less its final NUL. */
const INTERFACE_NAME_BYTES = 15;

/** Of these characters a name can stand in an argv, a file's name and, slash-separated, a sysctl's name. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,14}$/;

/**
 * Whether a node's word for an interface can be used as an argument: what the kernel's dev_valid_name takes
 * (1 to 15 bytes, no slash, no white space, not `.` or `..`), without control characters and not looking
 * like an option.
 */
export function isInterfaceName(name: string): boolean {
  if (name === "" || name === "." || name === ".." || name.startsWith("-")) return false;
  if (Buffer.byteLength(name) > INTERFACE_NAME_BYTES) return false;
  return !/[/\s\p{Cc}\p{Cf}\p{Cs}]/u.test(name);
}

/** Whether an interface's name is plain enough for a sysctl's name, too. */
export function isPlainInterfaceName(name: string): boolean {
  return PLAIN.test(name) && name !== "." && name !== "..";
}
