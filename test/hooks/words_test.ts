import { expandVariables, splitWords } from "../../src/hooks/command/words.ts";
import { equal, throws } from "../support/assert.ts";

Deno.test("words: as a POSIX shell splits them", () => {
  const cases: [string, string[]][] = [
    ["a b\tc\nd", ["a", "b", "c", "d"]],
    ["  a  ", ["a"]],
    ["a 'b c' \"d e\"", ["a", "b c", "d e"]],
    ["a'b'\"c\"d", ["abcd"]],
    [`a '' ""`, ["a", "", ""]],
    [String.raw`a \'b\ c\\`, ["a", "'b c\\"]],
    [String.raw`a '\n$x'`, ["a", "\\n$x"]],
    [String.raw`a "\n \" \\ \$x \'"`, ["a", `\\n " \\ $x \\'`]],
    ["a b\\\nc", ["a", "bc"]],
    ["a|b >c ; d * ~ #e", ["a|b", ">c", ";", "d", "*", "~", "#e"]],
  ];
  for (const [line, words] of cases) equal(splitWords(line), words, line);
});

Deno.test("words: what is not finished is refused", () => {
  const cases: [string, RegExp][] = [
    ["a 'b", /Unterminated single-quoted string/],
    [`a "b\\"`, /Unterminated double-quoted string/],
    ["a b\\", /Unterminated backslash-escape/],
    ["", /empty/],
    [" \t", /empty/],
    ["'' a", /empty/],
  ];
  for (const [line, message] of cases) throws(() => splitWords(line), message, line);
});

Deno.test("words: variables are put in without being read again", () => {
  const values: Record<string, string> = { A: "1 '2' $B", B: "b", MTX_PATH: "x/y" };
  const cases: [string, string][] = [
    ["$A", "1 '2' $B"],
    ["${A}$B", "1 '2' $Bb"],
    ["rtsp://h/$MTX_PATH.ts", "rtsp://h/x/y.ts"],
    ["$MISSING-${MISSING}", "-"],
    ["$1 $ $$ 5$ ${} ${A:-x} ${a=b}", "$1 $ $$ 5$ ${} ${A:-x} ${a=b}"],
    ["$__proto__$constructor", ""],
  ];
  for (const [word, expanded] of cases) {
    equal(
      expandVariables(word, (name) => Object.hasOwn(values, name) ? values[name] : undefined),
      expanded,
      word,
    );
  }
});
