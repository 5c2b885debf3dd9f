import { CelFault } from "./fault.js";
import { tokenize, type Token } from "./lexer.js";
import type { AstNode, BinaryOperator, CallNode, LiteralNode, Place } from "./syntax.js";
import { MAX_INT } from "./values.js";

const MAX_LENGTH = 4096;
const MAX_NODES = 1000;
const MAX_DEPTH = 64;
const MAX_CACHED = 1000;

const RESERVED = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);
const KEYWORDS = new Set(["true", "false", "null", "in"]);
const LEVELS: readonly (readonly string[])[] = [
  ["==", "!=", "<", "<=", ">", ">=", "in"],
  ["+", "-"],
  ["*", "/", "%"],
];

const cache = new Map<string, AstNode>();

/** The syntax tree of a CEL expression. Throws CelFault. */
export function parseCel(source: string): AstNode {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const whole = { start: 0, end: source.length };
  if (source.length > MAX_LENGTH) {
    throw new CelFault(`the expression has ${source.length} characters, more than ${MAX_LENGTH}`, whole);
  }
  if (source.trim() === "") throw new CelFault("the expression is empty", whole);
  const ast = new Parser(tokenize(source)).parseWhole();
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(source, ast);
  return ast;
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;
  #nodes = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parseWhole(): AstNode {
    const node = this.#parseExpression();
    if (this.#token.kind !== "end") throw this.#unexpected();
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#position] as Token;
  }

  #isNext(...symbols: readonly string[]): boolean {
    const { kind, text } = this.#token;
    return (kind === "symbol" || (kind === "name" && text === "in")) && symbols.includes(text);
  }

  #take(): Token {
    const token = this.#token;
    this.#position++;
    return token;
  }

  #takeIf(symbol: string): boolean {
    if (!this.#isNext(symbol)) return false;
    this.#position++;
    return true;
  }

  #expect(symbol: string): Token {
    if (this.#isNext(symbol)) return this.#take();
    const token = this.#token;
    if (token.kind === "end") throw this.#unexpected();
    throw new CelFault(
      `${JSON.stringify(symbol)} is wanted here, and this is ${JSON.stringify(token.text)}`,
      token,
    );
  }

  #unexpected(): CelFault {
    const token = this.#token;
    if (token.kind === "end") return new CelFault("the expression ends too early", token);
    return new CelFault(`there is no place for ${JSON.stringify(token.text)} here`, token);
  }

  #make<Made extends AstNode>(node: Made): Made {
    this.#nodes++;
    if (this.#nodes > MAX_NODES) throw new CelFault(`the expression has more than ${MAX_NODES} parts`, node);
    return node;
  }

  /** Counts how deep the parts of an expression lie within each other. */
  #deeper<Result>(parse: () => Result): Result {
    this.#depth++;
    if (this.#depth > MAX_DEPTH)
      throw new CelFault(`the expression nests deeper than ${MAX_DEPTH}`, this.#token);
    const result = parse();
    this.#depth--;
    return result;
  }

  #parseExpression(): AstNode {
    return this.#deeper(() => {
      const condition = this.#parseLogic("||");
      if (!this.#takeIf("?")) return condition;
      const then = this.#parseLogic("||");
      this.#expect(":");
      const otherwise = this.#parseExpression();
      const place = { start: condition.start, end: otherwise.end };
      return this.#make({ kind: "conditional", condition, then, otherwise, ...place });
    });
  }

  #parseLogic(operator: "&&" | "||"): AstNode {
    const parse = (): AstNode => (operator === "||" ? this.#parseLogic("&&") : this.#parseBinary(0));
    let left = parse();
    while (this.#takeIf(operator)) {
      const right = parse();
      left = this.#make({ kind: "logic", operator, left, right, start: left.start, end: right.end });
    }
    return left;
  }

  #parseBinary(level: number): AstNode {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#parseUnary();
    let left = this.#parseBinary(level + 1);
    while (this.#isNext(...operators)) {
      const operator = this.#take().text as BinaryOperator;
      const right = this.#parseBinary(level + 1);
      left = this.#make({ kind: "binary", operator, left, right, start: left.start, end: right.end });
    }
    return left;
  }

  #parseUnary(): AstNode {
    if (!this.#isNext("!", "-")) return this.#parsePostfix(this.#parsePrimary());
    const { text, start } = this.#take();
    const token = this.#token;
    if (text === "-" && token.kind === "literal" && isNumber(token.value)) {
      this.#position++;
      return this.#parsePostfix(this.#literal({ ...token, start }, -token.value));
    }
    const operand = this.#deeper(() => this.#parseUnary());
    return this.#make({
      kind: "unary",
      operator: text === "!" ? "!" : "-",
      operand,
      start,
      end: operand.end,
    });
  }

  #literal(token: Place, value: LiteralNode["value"]): AstNode {
    if (typeof value === "bigint" && value > MAX_INT) {
      throw new CelFault(`the number ${value} is too large`, token, "out-of-range");
    }
    return this.#make({ kind: "literal", value, start: token.start, end: token.end });
  }

  #parsePrimary(): AstNode {
    const token = this.#token;
    if (token.kind === "literal") return this.#literal(this.#take(), token.value);
    if (this.#takeIf("(")) {
      const node = this.#parseExpression();
      this.#expect(")");
      return node;
    }
    if (this.#isNext("[")) return this.#parseList();
    if (this.#isNext("{")) return this.#parseMap();
    // A name of the outermost scope, which is the only one there is.
    if (this.#isNext(".") && this.#tokens[this.#position + 1]?.kind === "name") this.#position++;
    return this.#parseName();
  }

  #parseName(): AstNode {
    const token = this.#token;
    if (token.kind !== "name" || token.text === "in") throw this.#unexpected();
    this.#position++;
    const { text: name, start, end } = token;
    if (name === "true" || name === "false") return this.#literal(token, name === "true");
    if (name === "null") return this.#literal(token, null);
    if (this.#isNext("(")) return this.#parseCall(undefined, token);
    if (RESERVED.has(name)) throw new CelFault(`${name} is a reserved word`, token);
    return this.#make({ kind: "name", name, start, end });
  }

  #parsePostfix(first: AstNode): AstNode {
    let node = first;
    for (let length = 1; ; length++) {
      if (length > MAX_DEPTH) throw new CelFault(`the expression nests deeper than ${MAX_DEPTH}`, node);
      if (this.#takeIf(".")) node = this.#parseMember(node);
      else if (this.#takeIf("[")) node = this.#parseIndex(node);
      else break;
    }
    if (this.#isNext("{") && (node.kind === "name" || node.kind === "member")) {
      throw new CelFault("there are no messages here; write a map", this.#token);
    }
    return node;
  }

  #parseIndex(owner: AstNode): AstNode {
    const isOptional = this.#takeIf("?");
    const key = this.#parseExpression();
    const { end } = this.#expect("]");
    return this.#make({ kind: "index", owner, key, isOptional, start: owner.start, end });
  }

  #parseMember(owner: AstNode): AstNode {
    const isOptional = this.#takeIf("?");
    const token = this.#token;
    const isName = token.kind === "quoted" || (token.kind === "name" && !KEYWORDS.has(token.text));
    if (!isName) throw this.#unexpected();
    this.#position++;
    if (!isOptional && token.kind === "name" && this.#isNext("(")) return this.#parseCall(owner, token);
    const place = { start: token.start, end: token.end };
    return this.#make({
      kind: "member",
      owner,
      name: token.text,
      isOptional,
      place,
      start: owner.start,
      end: token.end,
    });
  }

  #parseCall(receiver: AstNode | undefined, { text: name, start, end }: Token): CallNode {
    this.#expect("(");
    const args = this.#parseItems(")", () => this.#parseExpression());
    const closing = this.#expect(")");
    const from = receiver?.start ?? start;
    return this.#make({
      kind: "call",
      receiver,
      name,
      args,
      place: { start, end },
      start: from,
      end: closing.end,
    });
  }

  #parseList(): AstNode {
    const { start } = this.#expect("[");
    const items = this.#parseItems("]", () => {
      const isOptional = this.#takeIf("?");
      return { value: this.#parseExpression(), isOptional };
    });
    return this.#make({ kind: "list", items, start, end: this.#expect("]").end });
  }

  #parseMap(): AstNode {
    const { start } = this.#expect("{");
    const entries = this.#parseItems("}", () => {
      const isOptional = this.#takeIf("?");
      const key = this.#parseExpression();
      this.#expect(":");
      return { key, value: this.#parseExpression(), isOptional };
    });
    return this.#make({ kind: "map", entries, start, end: this.#expect("}").end });
  }

  /** What stands between commas; of lists and maps the last one may have a comma behind it. */
  #parseItems<Item>(closing: string, parse: () => Item): readonly Item[] {
    const items: Item[] = [];
    while (!this.#isNext(closing)) {
      items.push(parse());
      if (!this.#takeIf(",")) break;
      if (closing === ")" && this.#isNext(closing)) throw this.#unexpected();
    }
    return items;
  }
}

function isNumber(value: LiteralNode["value"]): value is bigint | number {
  return typeof value === "bigint" || typeof value === "number";
}
