import { readdirSync } from "node:fs";

/** What an attacker would like to have run: a file of this name appears where it did. */
export const CANARY = "pwned";

/** Text that tries to be more than text, by the door it tries. A shell would leave the file `pwned` behind. */
export const PAYLOADS: Readonly<Record<string, string>> = {
  "shell: command substitution": `$(touch ${CANARY})`,
  "shell: backquotes": `\`touch ${CANARY}\``,
  "shell: end of command": `x; touch ${CANARY}`,
  "shell: background": `x & touch ${CANARY} &`,
  "shell: pipe": `x | touch ${CANARY}`,
  "shell: and": `x && touch ${CANARY}`,
  "shell: line break": `x\ntouch ${CANARY}\n`,
  "shell: out of single quotes": `'; touch ${CANARY}; '`,
  "shell: out of double quotes": `"; touch ${CANARY}; "`,
  "shell: redirection": `x > ${CANARY}`,
  "shell: process substitution": `<(touch ${CANARY})`,
  "shell: arithmetic that expands": `a[$(touch ${CANARY})]`,
  "shell: parameter with a command": `\${x:-$(touch ${CANARY})}`,
  "shell: ANSI-C quotes": `$'\\x24(touch ${CANARY})'`,
  "shell: here-document": `<<E\n$(touch ${CANARY})\nE`,
  "shell: assignment": `PATH=.:$PATH`,
  "option: a program after rotation": `-z./x`,
  "option: where to write": `-w${CANARY}`,
  "option: filter from a file": `-F/etc/passwd`,
  "option: end of options": `--`,
  "option: ssh's proxy": `-oProxyCommand=touch ${CANARY}`,
  "option: curl's output": `--output=${CANARY}`,
  "path: climbs": `../../../../../../tmp/${CANARY}`,
  "path: absolute": `/tmp/${CANARY}`,
  "path: a NUL ends it": `x\0${CANARY}`,
  "terminal: colours": `\u001b[31mALL GOOD\u001b[0m`,
  "terminal: title and clear": `\u001b]0;pwned\u0007\u001b[2J`,
  "terminal: C1 control": `\u009b31mALL GOOD`,
  "terminal: a line of one's own": `x\r\u001b[KVERDICT delivered`,
  "terminal: read backwards": `x\u202egnp.exe`,
  "HTML: script": `</title></style></script><script>document.title="PWNED"</script>`,
  "HTML: event handler": `"><img src=x onerror="document.title='PWNED'">`,
  "HTML: link": `<a href="javascript:document.title='PWNED'">x</a>`,
  "HTML: SVG": `<svg onload="document.title='PWNED'"><set attributeName=onmouseover>`,
  "Markdown: link and image": `[x](javascript:alert(1)) ![x](http://192.0.2.1/x)`,
  "expression: a second time": "${{ run.id }}",
  "regular expression: slow": `${"a".repeat(40)}!`,
  prototype: `__proto__`,
  length: "x".repeat(5000),
};

export const EACH_PAYLOAD = Object.entries(PAYLOADS);

/** Whether anything was made in a folder that was empty before. */
export function isUntouched(dir: string): boolean {
  return readdirSync(dir).length === 0;
}

/** What a terminal would obey. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
export const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;
