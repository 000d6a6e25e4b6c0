/** What is wrong with a configuration, told so that its author finds the place. */
import { UserError } from "../base/errors.ts";
import { secretAt } from "./key_path.ts";
import { type KeyPath, keyPathText, type Origin, Origins, type Raw, rawAt } from "./raw.ts";

/** One thing that is wrong. */
export interface ConfIssue {
  /** The file as it was named or found; absent for environment variables. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** The environment variable that gave the value. */
  readonly variable?: string;
  /** Such as `paths.cam.source`; empty for the file as a whole. */
  readonly keyPath: string;
  /** The value as text, shortened; `<redacted>` for secrets; absent for lists, maps and missing values. */
  readonly value?: string;
  /** What is wrong, without place and value. */
  readonly text: string;
}

const maxIssues = 1000;
const shownIssues = 20;
const shownValueLength = 80;

/** A configuration that cannot be used. The message has one line per issue, the first line is the most important. */
export class ConfError extends UserError {
  /** Name of the class. */
  override readonly name: string = "ConfError";

  /** `issues` must not be empty. */
  constructor(readonly issues: readonly ConfIssue[]) {
    const lines = issues.slice(0, shownIssues).map(issueLine);
    if (issues.length > shownIssues) lines.push(`… and ${issues.length - shownIssues} more`);
    super(lines.join("\n"));
  }
}

/** `mediamtx.yml:3:14: readTimeout: must be greater than zero (value: "0s")` */
function issueLine(issue: ConfIssue): string {
  const place = issue.variable ?? issue.file;
  const position = issue.line === undefined ? "" : `:${issue.line}:${issue.column}`;
  const parts = [place === undefined ? "" : place + position, issue.keyPath, issue.text];
  const value = issue.value === undefined ? "" : ` (value: ${issue.value})`;
  return parts.filter((part) => part !== "").join(": ") + value;
}

/** Gathers issues while a configuration is loaded. */
export class Issues {
  readonly #found: ConfIssue[] = [];
  raw: Raw = null;
  origins: Origins = new Origins();

  constructor(private readonly file: string | undefined) {}

  /** `at: "key"` points at the key and shows no value. */
  add(path: KeyPath, text: string, at: "value" | "key" = "value"): void {
    const keyPath = keyPathText(path);
    // A value of pathDefaults may be wrong for many paths.
    if (
      this.#found.length >= maxIssues ||
      this.#found.some((issue) => issue.keyPath === keyPath && issue.text === text)
    ) return;
    const origin = at === "key" ? this.origins.key(path) : this.origins.value(path);
    this.#found.push({
      ...this.#place(origin),
      keyPath,
      value: at === "key" ? undefined : shownValue(rawAt(this.raw, path), path),
      text,
    });
  }

  #place(origin: Origin | undefined): Pick<ConfIssue, "file" | "line" | "column" | "variable"> {
    switch (origin?.kind) {
      case "env":
        return { variable: origin.variable };
      case "overlay":
        return { file: origin.file };
      default:
        return { file: this.file, line: origin?.line, column: origin?.column };
    }
  }

  /** For what belongs to a place in the file and not to a key. */
  addAt(line: number | undefined, column: number | undefined, text: string): void {
    if (this.#found.length < maxIssues) {
      this.#found.push({ file: this.file, line, column, keyPath: "", text });
    }
  }

  /** Throws ConfError when there are any, by line. */
  check(): void {
    if (this.#found.length === 0) return;
    const last = Number.MAX_SAFE_INTEGER;
    throw new ConfError(
      this.#found.toSorted((a, b) =>
        (a.line ?? last) - (b.line ?? last) || (a.column ?? 0) - (b.column ?? 0)
      ),
    );
  }
}

function shownValue(value: Raw | undefined, path: KeyPath): string | undefined {
  if (value === undefined || typeof value === "object") return undefined;
  const secret = secretAt(path);
  if (secret === "all") return "<redacted>";
  if (typeof value !== "string") return String(value);
  const open = secret === "url" ? redactUrl(value) : value;
  const short = open.length > shownValueLength ? `${open.slice(0, shownValueLength)}…` : open;
  return JSON.stringify(short);
}

/** Cuts user, password, query and fragment (an RTMP stream key) out of a URL. */
export function redactUrl(url: string): string {
  const tail = /[?#]/.exec(url);
  const head = tail === null ? url : url.slice(0, tail.index);
  // A password may hold "/" or "@" that should have been escaped: everything up to the last "@" is taken for it.
  const open = head.replace(/^([^/]*\/\/)?.*@/s, "$1<redacted>@");
  return tail === null ? open : `${open}${url[tail.index]}<redacted>`;
}
