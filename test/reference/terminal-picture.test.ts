import t from "tap";
import { terminalPicture } from "../../lib/reference/terminal-picture.js";

t.test("a word stands at its column, whatever font draws the ones before it", (t) => {
  const picture = terminalPicture(["● eth0  8 ↓"], "title");
  t.match(picture, '<tspan x="20" textLength="8">●</tspan><tspan x="36" textLength="32">eth0</tspan>');
  t.match(picture, '<tspan x="84" textLength="8">8</tspan><tspan x="100" textLength="8">↓</tspan>');
  t.end();
});

t.test("colours, bold and dim are taken from the terminal, and end where it ends them", (t) => {
  const line = "\x1b[31m\x1b[1mLOST\x1b[22m\x1b[39m on \x1b[2mnode\x1b[22m \x1b[35mx\x1b[39m";
  const picture = terminalPicture([line], "title");
  t.match(picture, 'class="c31 b">LOST<');
  t.match(picture, 'textLength="16">on<');
  t.match(picture, 'class="d">node<');
  t.match(picture, 'textLength="8">x<');
  t.notMatch(picture, "\x1b");
  t.end();
});

t.test("what is shown is no markup", (t) => {
  const picture = terminalPicture(["</text><script>", ""], 'a "title" & more');
  t.match(picture, "&lt;/text&gt;&lt;script&gt;");
  t.match(picture, "<title>a &quot;title&quot; &amp; more</title>");
  t.equal(picture.match(/<text /g)?.length, 1, "an empty line draws nothing");
  t.end();
});
