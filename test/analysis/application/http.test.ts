import t from "tap";
import { readHttpRequest, readHttpStatus } from "../../../lib/analysis/application/http.js";
import { padded } from "./padded.js";

const request = (text: string): ReturnType<typeof readHttpRequest> =>
  padded(Buffer.from(text, "latin1"), readHttpRequest);
const status = (text: string): ReturnType<typeof readHttpStatus> =>
  padded(Buffer.from(text, "latin1"), readHttpStatus);

t.test("a request line and its Host", async (t) => {
  t.strictSame(request("GET /a?b HTTP/1.1\r\nAccept: */*\r\nhost: web:8080 \r\n\r\nHost: no"), {
    method: "GET",
    target: "/a?b",
    version: "1.1",
    host: "web:8080",
  });
  t.match(request("PROPFIND / HTTP/1.0\n\nHost: no"), { method: "PROPFIND", host: null });
  const long = request(`POST /${"x".repeat(3000)} HTTP/1.1\r\n`);
  t.match(long, { method: "POST", version: null, host: null });
  t.equal(long?.target.startsWith("/xxx"), true);
  t.equal(request("GET /\x1b[2J HTTP/1.1\r\n")?.target, "/\\x1b[2J");
});

t.test("what is no request", async (t) => {
  for (const text of [
    "",
    "GET ",
    "get / HTTP/1.1\r\n",
    "{}{}{}",
    "GET /",
    "GET / HTTP/2\r\n",
    "SSH-2.0-x\r\n",
  ])
    t.equal(request(text), null, text);
});

t.test("a status line", async (t) => {
  t.strictSame(status("HTTP/1.1 503 Service Unavailable\r\nX: y"), {
    version: "1.1",
    code: 503,
    reason: "Service Unavailable",
  });
  t.match(status("HTTP/1.0 200\r\n"), { version: "1.0", code: 200, reason: "" });
  t.match(status("HTTP/1.1 200 O"), { code: 200, reason: "O" }, "cut short");
  for (const text of ["", "HTTP/1.1 20", "HTTP/2.0 200 OK\r\n", "HTTP/1.1 099 x\r\n", "hTTP/1.1 200 OK\r\n"])
    t.equal(status(text), null, text);
});
