import { siftDocLint } from "../../scripts/check/doc_lint.ts";
import { checkDependencyPage, checkLinks, checkTasks } from "../../scripts/check/documentation.ts";
import { checkFile, fileLineLimit } from "../../scripts/check/files.ts";
import { equal, match } from "../support/assert.ts";

const readme = (text: string) => ({ path: "README.md", text });
const guide = { path: "docs/guide.md", text: "# The guide\n\n## Ports & `keys`\n" };

const links: readonly (readonly [text: string, findings: number])[] = [
  ["[a](docs/guide.md)", 0],
  ["[a](docs/guide.md#the-guide)", 0],
  ["[a](docs/guide.md#ports--keys)", 0],
  ["# Here\n[a](#here)", 0],
  ["[a](LICENSE) and [b](docs/)", 0],
  ["[a](https://example.com/none.md)", 0],
  ["```\n[a](none.md)\n```\nand `[a](none.md)`", 0],
  ["[a](none.md)", 1],
  ["[a](docs/none.md) [b](../secret.md)", 2],
  ["[a](docs/guide.md#nothing)", 1],
  ["[a](#nothing)", 1],
  ["![image](docs/none.png)", 1],
];
for (const [text, count] of links) {
  Deno.test(`documentation: ${JSON.stringify(text)} has ${count} bad links`, () => {
    const pages = [readme(text), guide];
    const found = checkLinks(pages, (path) => ["LICENSE", "docs/"].includes(path));
    equal(found.length, count, found.join());
  });
}

Deno.test("documentation: links are relative to their page", () => {
  const page = { path: "docs/a.md", text: "[x](guide.md) [y](../README.md) [z](docs/guide.md)" };
  equal(checkLinks([page, guide, readme("")], () => false), ["docs/a.md: link docs/guide.md leads nowhere"]);
});

Deno.test("documentation: every named task exists", () => {
  const page = readme(
    "`deno task test`, `npx --yes deno@2.9.6 task start`, `deno task fly` and `deno task fly`",
  );
  equal(checkTasks([page], ["test", "start"]), ["README.md: there is no task fly"]);
});

Deno.test("documentation: every dependency has its reason", () => {
  const page = {
    path: "docs/dependencies.md",
    text: "| `zod` | schema |\n\n## yaml\n\nre2js is mentioned only\n",
  };
  equal(checkDependencyPage(page, ["zod", "yaml", "re2js", "zo"]), [
    "docs/dependencies.md: nothing about re2js, which deno.json imports",
    "docs/dependencies.md: nothing about zo, which deno.json imports",
  ]);
});

Deno.test("files: 500 lines are allowed, 501 are not, except in tests", () => {
  const text = (lines: number) => "x\n".repeat(lines);
  equal(checkFile("src/a.ts", text(fileLineLimit)), []);
  match(checkFile("src/a.ts", text(fileLineLimit + 1))[0], /^src\/a.ts: 501 lines/);
  equal(checkFile("test/a_test.ts", text(fileLineLimit + 1)), []);
});

Deno.test("files: comments that switch checks off are findings", () => {
  const at = "@";
  for (
    const comment of [`// ${at}ts-ignore`, `/* ${at}ts-expect-error: no */`, "// deno-lint-" + "ignore no-x"]
  ) {
    const found = checkFile("src/a.ts", `const a = 1;\n  ${comment}\n`);
    match(found[0] ?? "", /^src\/a.ts:2: /);
  }
  equal(checkFile("src/a.ts", 'const a = "no suppression, ' + at + 'ts-ignore is only named";\n'), []);
});

Deno.test("doc comments: exported symbols need one, members and foreign types are let pass", () => {
  const block = (code: string, at: string, source: string) =>
    `error[${code}]: it is missing\n  --> /r/src/a/x.ts:${at}:18\n   | \n${at} | ${source}\n   | ^\n\n  info: why\n\n\n`;
  const output = block("missing-jsdoc", "3", "export interface A {") +
    block("missing-jsdoc", "4", "  readonly b: string;") +
    block("private-type-ref", "5", "export type C = D;") +
    block("missing-return-type", "6", "  f() {") +
    "error: Found 4 documentation lint errors.\n";
  equal(siftDocLint(output), ["/r/src/a/x.ts:3: it is missing", "/r/src/a/x.ts:6: it is missing"]);
  equal(siftDocLint("error: Module not found\n"), ["error: Module not found"]);
});
