/** Encodings of a shorter value would match by chance. */
const MIN_ENCODED_CHARS = 6;

/**
 * The forms in which a secret may stand in a text: as it is, within JSON and URLs, in hex, and in both alphabets of
 * base64, also as a part of something longer (`Authorization: Basic` has USER:SECRET), where its first and last
 * characters depend on what is beside it and are left out. None of an empty value.
 */
export function secretForms(secret: string): readonly string[] {
  if (secret === "") return [];
  // A lone surrogate has no URL form.
  const url = /\p{Surrogate}/u.test(secret) ? secret : encodeURIComponent(secret);
  const plain = [secret, JSON.stringify(secret).slice(1, -1), url];
  if (secret.length < MIN_ENCODED_CHARS) return [...new Set(plain)];
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  const base64 = [
    bytes.toString("base64").replace(/=+$/, ""),
    ...[0, 1, 2].map((at) => withinBase64(bytes, at)),
  ];
  const url64 = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [...new Set([...plain, hex, hex.toUpperCase(), ...base64, ...url64])];
}

/** The characters of base64 that are the bytes' own, where `at` bytes of something else come first. */
function withinBase64(bytes: Buffer, at: number): string {
  const text = Buffer.concat([Buffer.alloc(at), bytes]).toString("base64");
  return text.slice(Math.ceil((at * 8) / 6), Math.floor(((at + bytes.length) * 8) / 6));
}
