/**
 * Modules of `web/`, which import each other, as one text: a page or a website then needs one request. This is no
 * general bundler, it knows how those modules are written: declarations are exported where they are, nothing is renamed.
 */

/** `name`: of the file, without folders. `text`: of the module. */
export interface BundlePart {
  readonly name: string;
  readonly text: string;
}

const importLine = /^import \{([^}]*)\} from "([^"]+)";\n/gm;
const exportMark = /^export (?=(?:async )?(?:function|class|const) (\w+))/gm;

/**
 * For `import { … }` of what is `exported`. The parts come in an order in which each imports only those before it;
 * imports of files that are not among them stay.
 */
export function bundleModule(parts: readonly BundlePart[], exported: readonly string[]): string {
  const { outside, body, names } = join(parts);
  const lines = exported.map((name) => {
    const part = parts.find((one) => names.get(one.name)?.includes(name));
    if (part === undefined) throw new Error(`no part exports ${name}`);
    return `export const { ${name} } = ${variable(part.name)};\n`;
  });
  return outside + body + lines.join("");
}

/** For `<script src>` without `type="module"`: what it offers, it has to put on `globalThis`. */
export function bundleScript(parts: readonly BundlePart[]): string {
  const { outside, body } = join(parts);
  if (outside !== "") throw new Error(`a script cannot have: ${outside}`);
  return `(() => {\n"use strict";\n${body}})();\n`;
}

/** Each part is a function of its own, so that their names do not meet. `names`: what each exports. */
function join(parts: readonly BundlePart[]) {
  const names = new Map<string, readonly string[]>();
  let outside = "";
  let body = "";
  for (const { name, text } of parts) {
    const own: string[] = [];
    const inner = text.replace(/^\/\/ @ts-check\n/, "").replaceAll(
      importLine,
      (line: string, imported: string, from: string) => {
        const file = from.slice(from.lastIndexOf("/") + 1);
        if (!names.has(file)) {
          outside += line;
          return "";
        }
        if (/\bas\b/.test(imported)) throw new Error(`${name} renames what it imports from ${from}`);
        return `const {${imported}} = ${variable(file)};\n`;
      },
    ).replaceAll(exportMark, (_mark: string, exported: string) => {
      own.push(exported);
      return "";
    });
    const left = /^export\b.*/m.exec(inner);
    if (left !== null) throw new Error(`${name} exports in a way that cannot be bundled: ${left[0]}`);
    names.set(name, own);
    body += `const ${variable(name)} = (() => {\n${inner.trim()}\nreturn { ${own.join(", ")} };\n})();\n\n`;
  }
  return { outside, body, names };
}

/** `read_page.js` → `$read_page_js` */
function variable(name: string): string {
  return `$${name.replaceAll(/\W/g, "_")}`;
}

/** A page with its style and its module in the places of `<!-- style -->` and `<!-- script -->`. */
export function fillPage(html: string, style: string, script: string): string {
  if (/<\/script/i.test(script)) throw new Error("the script would end at its own text");
  const fill = (text: string, mark: string, filling: string) => {
    const [before, after, ...more] = text.split(mark);
    if (after === undefined || more.length > 0) throw new Error(`not one ${mark} in the page`);
    return before + filling + after;
  };
  const styled = fill(html, "<!-- style -->", `<style>\n${style}</style>`);
  return fill(styled, "<!-- script -->", `<script type="module">\n${script}</script>`);
}
