/**
 * Command lines of the configuration: split into words as a POSIX shell does, without a shell. Variables are put in
 * afterwards, so that whatever their values hold stays inside of one argument.
 */
import { UserError } from "../../base/errors.ts";

const space = /[ \t\n\r]/;
/** What a backslash takes its meaning from inside of double quotes (POSIX.1-2017, Shell Command Language §2.2.3). */
const escapedInQuotes = '$`"\n\\';

/** Throws UserError for a quote or backslash without its counterpart, and when there is no word. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; at++) {
    const char = line[at];
    if (space.test(char)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word ??= "";
    if (char === "\\") {
      if (at + 1 === line.length) throw new UserError("Unterminated backslash-escape");
      // A backslash before the end of a line joins it with the next one.
      if (line[++at] !== "\n") word += line[at];
    } else if (char === "'") {
      const end = line.indexOf("'", at + 1);
      if (end < 0) throw new UserError("Unterminated single-quoted string");
      word += line.slice(at + 1, end);
      at = end;
    } else if (char === '"') {
      const quoted = readDoubleQuoted(line, at + 1);
      word += quoted.text;
      at = quoted.end;
    } else word += char;
  }
  if (word !== null) words.push(word);
  if (words.length === 0 || words[0] === "") throw new UserError("the command is empty");
  return words;
}

/** `end` is the place of the closing quote. */
function readDoubleQuoted(line: string, start: number): { text: string; end: number } {
  let text = "";
  for (let at = start; at < line.length; at++) {
    if (line[at] === '"') return { text, end: at };
    if (line[at] === "\\" && escapedInQuotes.includes(line[at + 1] ?? " ")) {
      if (line[++at] !== "\n") text += line[at];
    } else text += line[at];
  }
  throw new UserError("Unterminated double-quoted string");
}

/** Puts in the values of `$NAME` and `${NAME}`; names without a value become nothing. */
export function expandVariables(word: string, valueOf: (name: string) => string | undefined): string {
  return word.replace(
    /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g,
    (_, braced: string | undefined, plain: string) => valueOf(braced ?? plain) ?? "",
  );
}
