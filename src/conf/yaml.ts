/**
 * YAML 1.2 with what MediaMTX files rely on besides: the boolean words of YAML 1.1, anchors, and merge keys (`<<`).
 * Gives plain values and the line and column of each.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
} from "yaml";
import type { Issues } from "./issue.ts";
import { emptyMap, isRawMap, type KeyPath, type Origin, Origins, type Raw } from "./raw.ts";

/** Nodes of one file, with those that aliases repeat: a bound for files that unfold into gigabytes. */
const maxNodes = 200_000;
const maxDepth = 64;

const booleanWords: ReadonlyMap<string, boolean> = new Map(
  ["yes", "on", "no", "off"].flatMap((word) => {
    const value = word === "yes" || word === "on";
    return [word, word[0].toUpperCase() + word.slice(1), word.toUpperCase()].map((each) =>
      [each, value] as const
    );
  }),
);

/** What the parser's error codes mean. Its own texts quote the file, which may hold secrets. */
const codeTexts: Readonly<Record<string, string>> = {
  BAD_ALIAS: "an alias (*name) is malformed or has no anchor",
  BAD_COLLECTION_TYPE: "a list and a map are mixed up, or a tag does not fit",
  BAD_DQ_ESCAPE: "invalid escape sequence in a double-quoted text",
  BAD_INDENT: "wrong indentation",
  BAD_SCALAR_START: "a text that begins with this character must be quoted",
  BLOCK_AS_IMPLICIT_KEY: "a nested map must begin on its own line, with more indentation",
  BLOCK_IN_FLOW: "an indented list or map cannot be inside [ ] or { }",
  DUPLICATE_KEY: "this key is given twice in the same map",
  MISSING_CHAR:
    "a character is missing, such as a closing quote, a bracket, a comma, or the colon or space after a key",
  MULTILINE_IMPLICIT_KEY: "a key must be on one line and be followed by a colon",
  TAB_AS_INDENT: "tabs cannot be used for indentation",
  TAG_RESOLVE_FAILED: "unknown or unfitting tag (!…)",
  UNEXPECTED_TOKEN: "something is here that does not belong here; check indentation and quotes",
};

/** Reads a file into `issues.raw` and `issues.origins`. Syntax errors become issues. */
export function readYaml(text: string, issues: Issues, warn: (text: string) => void): void {
  const lines = new LineCounter();
  let documents;
  try {
    documents = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "silent",
      version: "1.2",
    });
  } catch (error) {
    // The parser calls itself for each level.
    if (!(error instanceof RangeError)) throw error;
    issues.addAt(undefined, undefined, "invalid YAML: nested too deeply");
    return;
  }
  if (!Array.isArray(documents) || documents.length === 0) {
    issues.raw = emptyMap();
    return;
  }
  if (documents.length > 1) {
    const at = lines.linePos(documents[1].range[0]);
    issues.addAt(
      at.line,
      at.col,
      "invalid YAML: the file must be a single document, without '---' between parts",
    );
    return;
  }
  const document = documents[0];
  for (const error of document.errors) {
    const at = lines.linePos(error.pos[0]);
    issues.addAt(at.line, at.col, `invalid YAML: ${codeTexts[error.code] ?? "wrong syntax"}`);
  }
  if (document.errors.length > 0) return;
  const reader = new YamlReader(lines, issues, warn);
  issues.origins = reader.origins;
  issues.raw = reader.read(document);
}

class YamlReader {
  readonly origins = new Origins();
  readonly #anchors = new Map<string, Raw>();
  #nodes = 0;
  #failed = false;

  constructor(
    private readonly lines: LineCounter,
    private readonly issues: Issues,
    private readonly warn: (text: string) => void,
  ) {}

  read(document: Document): Raw {
    if (document.contents === null) return emptyMap();
    const value = this.#value(document.contents, []);
    return value ?? emptyMap();
  }

  #value(node: unknown, path: KeyPath): Raw {
    if (this.#exceeds(path.length) || node === null || typeof node !== "object") return null;
    const typed = node as Node;
    this.origins.setValue(path, this.#origin(typed));
    if (isAlias(typed)) return this.#alias(typed.source, typed);
    let value: Raw = null;
    if (isMap(typed)) value = this.#map(typed, path);
    else if (isSeq(typed)) value = typed.items.map((item, index) => this.#value(item, [...path, index]));
    else if (isScalar(typed)) value = scalarValue(typed);
    const anchor = (typed as { anchor?: string }).anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, value);
    return value;
  }

  /** True (and an issue, once) when the file is larger or deeper than any configuration. */
  #exceeds(depth: number): boolean {
    if (this.#failed) return true;
    if (++this.#nodes <= maxNodes && depth <= maxDepth) return false;
    this.#failed = true;
    this.issues.addAt(undefined, undefined, "invalid YAML: too many values or levels");
    return true;
  }

  #alias(name: string, node: Node): Raw {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      const at = this.lines.linePos(node.range?.[0] ?? 0);
      this.issues.addAt(at.line, at.col, "invalid YAML: an alias refers to itself");
      return null;
    }
    return this.#copy(target);
  }

  #copy(value: Raw): Raw {
    if (this.#exceeds(0)) return null;
    if (Array.isArray(value)) return value.map((item) => this.#copy(item));
    if (!isRawMap(value)) return value;
    const copy = emptyMap();
    for (const [key, item] of Object.entries(value)) copy[key] = this.#copy(item);
    return copy;
  }

  #map(node: YAMLMap, path: KeyPath): Raw {
    const map = emptyMap();
    const merged: { value: Raw; origin: Origin }[] = [];
    for (const pair of node.items as Pair[]) {
      const key = pair.key;
      if (isScalar(key) && key.type === Scalar.PLAIN && key.value === "<<") {
        const origin = this.#origin(key);
        const value = this.#value(pair.value, [...path, "<<"]);
        for (const each of Array.isArray(value) ? value : [value]) merged.push({ value: each, origin });
        continue;
      }
      const name = this.#key(key);
      if (name === undefined) continue;
      const at = [...path, name];
      this.origins.setKey(at, this.#origin(key as Node));
      map[name] = this.#value(pair.value, at);
      if (pair.value === null || map[name] === null) this.origins.setValue(at, this.#origin(key as Node));
    }
    for (const { value, origin } of merged) {
      if (!isRawMap(value)) {
        this.#issue(origin, "invalid YAML: '<<' needs a map, or a list of maps");
        continue;
      }
      for (const [name, item] of Object.entries(value)) {
        if (Object.hasOwn(map, name)) continue;
        map[name] = item;
        this.origins.setKey([...path, name], origin);
        this.origins.setValue([...path, name], origin);
      }
    }
    return map;
  }

  #key(node: unknown): string | undefined {
    if (isAlias(node)) {
      const value = this.#alias(node.source, node);
      if (value === null || typeof value === "object") return this.#badKey(node);
      return String(value);
    }
    if (!isScalar(node)) return this.#badKey(node);
    const value = scalarValue(node);
    if (typeof value === "string") return value;
    if (typeof value === "boolean" && typeof node.value === "string") {
      const at = this.lines.linePos(node.range?.[0] ?? 0);
      this.warn(
        `line ${at.line}: the key ${node.value} is read as ${value}, as YAML 1.1 has it; quote it to keep the word`,
      );
      return String(value);
    }
    return node.source ?? String(value);
  }

  #badKey(node: unknown): undefined {
    const range = (node as { range?: [number, number, number] } | null)?.range;
    const at = this.lines.linePos(range?.[0] ?? 0);
    this.issues.addAt(at.line, at.col, "invalid YAML: a key must be a single word or text");
    return undefined;
  }

  #origin(node: Node): Origin {
    const at = this.lines.linePos(node.range?.[0] ?? 0);
    return { kind: "file", line: at.line, column: at.col };
  }

  #issue(origin: Origin, text: string): void {
    if (origin.kind === "file") this.issues.addAt(origin.line, origin.column, text);
  }
}

function scalarValue(node: Scalar): Raw {
  const value = node.value;
  if (typeof value === "string") {
    return node.type === Scalar.PLAIN ? booleanWords.get(value) ?? value : value;
  }
  if (typeof value === "number" || typeof value === "boolean") return value;
  return value === null || value === undefined ? null : node.source ?? String(value);
}
