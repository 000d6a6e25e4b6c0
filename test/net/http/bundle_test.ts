import { bundleModule, bundleScript, fillPage } from "../../../src/net/http/bundle.ts";
import { equal, match, throws } from "../../support/assert.ts";

const low = `// @ts-check
export const answer = 40;
const own = 2;
export function sum() {
  return answer + own;
}
export async function later() {}
`;
const high = `import { answer, sum } from "./low.js";
import {
  later,
} from "../far/low.js";
const own = "high's own";
export class Sum {
  value = [answer, sum(), typeof later, own];
}
globalThis.bundledSum = new Sum().value;
`;
const parts = [{ name: "low.js", text: low }, { name: "high.js", text: high }];

Deno.test("bundle: modules that import each other run as one module and as one script", async () => {
  const url = `data:text/javascript,${encodeURIComponent(bundleModule(parts, ["Sum", "sum"]))}`;
  const module: Record<string, unknown> = await import(url);
  equal(Object.keys(module), ["Sum", "sum"]);
  try {
    equal(Reflect.get(globalThis, "bundledSum"), [40, 42, "function", "high's own"]);
    Reflect.deleteProperty(globalThis, "bundledSum");
    new Function(bundleScript(parts))();
    equal(Reflect.get(globalThis, "bundledSum"), [40, 42, "function", "high's own"]);
  } finally {
    Reflect.deleteProperty(globalThis, "bundledSum");
  }
});

Deno.test("bundle: what is not among the parts is still imported, but not by a script", () => {
  match(
    bundleModule([parts[1]], []),
    /^import \{ answer, sum \} from "\.\/low\.js";\nimport \{\n {2}later,\n\}/,
  );
  throws(() => bundleScript([parts[1]]), /a script cannot have: import/);
});

Deno.test("bundle: only what a part exports can be exported", () => {
  throws(() => bundleModule(parts, ["own"]), /no part exports own/);
});

const wrong: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ["a renaming import", 'import { sum as total } from "./low.js";\n', /x\.js renames what it imports from/],
  ["a default export", "export default 1;\n", /x\.js exports in a way.*export default 1;/],
  ["an export of another", 'export { a } from "./a.js";\n', /x\.js exports in a way/],
];
for (const [name, text, message] of wrong) {
  Deno.test(`bundle: ${name} is refused`, () => {
    throws(() => bundleModule([parts[0], { name: "x.js", text }], []), message);
  });
}

const html = "<head><!-- style --></head><body><!-- script --></body>";

Deno.test("page: style and script come into their places, whatever they hold", () => {
  equal(
    fillPage(html, "a {}\n", "const cost = '$&';\n"),
    "<head><style>\na {}\n</style></head><body><script type=\"module\">\nconst cost = '$&';\n</script></body>",
  );
});

Deno.test("page: a missing or a second place, and a script that would end early, are refused", () => {
  throws(() => fillPage("<!-- style -->", "", ""), /<!-- script -->/);
  throws(() => fillPage(`${html}<!-- style -->`, "", ""), /<!-- style -->/);
  throws(() => fillPage(html, "", "'</SCRIPT>'"), /would end/);
});
