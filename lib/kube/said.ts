/** An API server's longest words are an admission webhook's. */
const MAX_SAID_CHARS = 4_000;
/** Pages of proxies say it in their first words. */
const MAX_PAGE_CHARS = 16_000;
const MAX_TEXT_CHARS = 500;

/**
 * Why a server refused, by the body of its answer: a Status' message, which has the kubelet's or a webhook's words; else the text,
 * or that of a page. null: it says nothing.
 */
export function saidBy(body: string): string | null {
  const status = messageIn(body);
  if (status !== null) return status.slice(0, MAX_SAID_CHARS);
  if (/^\s*[{[]/.test(body)) return null;
  const text = (
    /^\s*<(?:!doctype|html|\?xml|head|body)\b/i.test(body) ? textOfPage(body) : body.slice(0, MAX_PAGE_CHARS)
  )
    .replaceAll(/\s+/g, " ")
    .trim();
  return text === "" ? null : text.slice(0, MAX_TEXT_CHARS);
}

function messageIn(body: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return messageOfCut(body);
  }
  const { message, reason } = (value ?? {}) as { readonly message?: unknown; readonly reason?: unknown };
  const said = [message, reason].find((text) => typeof text === "string" && text !== "");
  return typeof said === "string" ? said : null;
}

/** Of a Status whose end is not there. */
function messageOfCut(body: string): string | null {
  if (!/^\s*\{/.test(body)) return null;
  const [, text] = /"message":\s*"((?:[^"\\]|\\.){1,4000})/s.exec(body) ?? [];
  if (text === undefined) return null;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

/** What a person would read of it. */
function textOfPage(page: string): string {
  const start = page.slice(0, MAX_PAGE_CHARS);
  const seen = start
    .replaceAll(/<(head|script|style)\b[^]*?<\/\1>/gi, " ")
    .replaceAll(/<[^<>]{0,2000}>/g, " ");
  if (seen.trim() !== "") return seen;
  return /<title>([^<]*)/i.exec(start)?.[1] ?? "";
}
