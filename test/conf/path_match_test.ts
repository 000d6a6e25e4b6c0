import { UserError } from "../../src/base/errors.ts";
import { findPathConf } from "../../src/conf/mod.ts";
import { equal, throws } from "../support/assert.ts";
import { confOf } from "./support.ts";

const text = `
paths:
  all_others:
  plain:
  "~^b(.*)$":
  "~^(a)(x)?":
  "~^ab":
  "~zz":
`;

Deno.test("names find the exact entry, then expressions by name, all_others last", async () => {
  const conf = await confOf(text);
  const cases: readonly [string, string, string[]][] = [
    ["plain", "plain", []],
    ["ab", "~^(a)(x)?", ["a", "a", ""]],
    ["axe", "~^(a)(x)?", ["ax", "a", "x"]],
    ["bcd", "~^b(.*)$", ["bcd", "cd"]],
    ["fuzzzz", "~zz", ["zz"]],
    ["other/name", "all_others", ["other/name"]],
    // Keys are looked up before names are checked.
    ["all_others", "all_others", []],
    ["~^ab", "~^ab", []],
  ];
  for (const [name, entry, groups] of cases) {
    const found = findPathConf(conf, name);
    equal([found.conf.name, found.groups], [entry, groups], name);
  }
});

Deno.test("'~^.*$' is tried in its place by name, not last", async () => {
  const conf = await confOf('paths:\n  "~^.*$":\n  "~^cam":\n');
  equal(findPathConf(conf, "cam").conf.name, "~^.*$");
});

const unusual = "invalid path name:" +
  " can contain only alphanumeric characters, underscore, dot, minus, slash";

Deno.test("names that are invalid or not configured", async () => {
  const conf = await confOf(text);
  const none = await confOf("paths:\n");
  const cases: readonly [string, string][] = [
    ["", "invalid path name: cannot be empty ()"],
    ["/x", "invalid path name: can't begin with a slash (/x)"],
    ["x/", "invalid path name: can't end with a slash (x/)"],
    // Neither secrets of a query that was taken for a part of the name, nor lines that look like ours.
    ["x?pass=secret", `${unusual} (x…)`],
    ["x\n2026/01/01 00:00:00 WAR", `${unusual} (x\ufffd2026/01/01 00:00:00 WAR)`],
    ["é".repeat(300), `${unusual} (${"é".repeat(200)}…)`],
    [
      "a b",
      "invalid path name: can contain only alphanumeric characters, underscore, dot, minus, slash (a b)",
    ],
    ["é", "invalid path name: can contain only alphanumeric characters, underscore, dot, minus, slash (é)"],
    ["a/../b", "invalid path name: can't contain dot path segments (a/../b)"],
    [".", "invalid path name: can't contain dot path segments (.)"],
  ];
  for (const [name, message] of cases) throws(() => findPathConf(conf, name), new UserError(message));
  equal(findPathConf(conf, "a//b..c/.d").conf.name, "~^(a)(x)?");
  throws(() => findPathConf(none, "x"), new UserError("path 'x' is not configured"));
});

Deno.test("expressions that take other engines for ever take linear time", async () => {
  const conf = await confOf('paths:\n  "~^(a+)+$":\n');
  throws(() => findPathConf(conf, `${"a".repeat(5000)}b`), UserError);
});
