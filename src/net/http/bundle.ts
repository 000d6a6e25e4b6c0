/**
 * Modules of `web/`, which import each other, as one text: a page or a website then needs one request. This is no
 * general bundler, it knows how those modules are written: all names differ, and nothing is renamed on import.
 */

/** `name`: of the file, without folders. `text`: of the module. */
export interface BundlePart {
  readonly name: string;
  readonly text: string;
}

const importLine = /^import \{([^}]*)\} from "([^"]+)";\n/gm;
const exportMark = /^export (?=(async )?(function|class|const) )/gm;

/**
 * The parts in their order, which must have the imported one before the one that imports. Imports of files that are
 * not among them stay.
 */
export function bundle(parts: readonly BundlePart[]): string {
  const names = new Set(parts.map(({ name }) => name));
  return parts.map(({ name, text }) => {
    const joined = text.replace(/^\/\/ @ts-check\n/, "").replaceAll(
      importLine,
      (line: string, imported: string, from: string) => {
        if (!names.has(from.slice(from.lastIndexOf("/") + 1))) return line;
        if (/\bas\b/.test(imported)) throw new Error(`${name} renames what it imports from ${from}`);
        return "";
      },
    ).replaceAll(exportMark, "");
    const left = /^export\b.*/m.exec(joined);
    if (left !== null) throw new Error(`${name} exports in a way that cannot be bundled: ${left[0]}`);
    return joined.trim();
  }).join("\n\n") + "\n";
}

/** For `import { … }`. */
export function asModule(bundled: string, exported: readonly string[]): string {
  return `${bundled}\nexport { ${exported.join(", ")} };\n`;
}

/** For `<script src>` without `type="module"`: what it offers, it has to put on `globalThis`. */
export function asScript(bundled: string): string {
  return `(() => {\n"use strict";\n${bundled}})();\n`;
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
