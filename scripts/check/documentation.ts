/** Rules on the documentation: what it names must exist. */
import { posix } from "node:path";

/** One Markdown file. */
export interface Page {
  /** From the top folder: `docs/rtsp.md`. */
  readonly path: string;
  readonly text: string;
}

/** Every relative link leads to a file or folder, and to a heading of it when there is a `#`. */
export function checkLinks(
  pages: readonly Page[],
  exists: (path: string) => boolean,
): string[] {
  const findings: string[] = [];
  for (const { path, text } of pages) {
    for (const link of linksOf(text)) {
      const [file, anchor] = link.split("#");
      const target = file === "" ? path : posix.normalize(posix.join(posix.dirname(path), decodeURI(file)));
      const page = pages.find((candidate) => candidate.path === target);
      if (target.startsWith("../")) findings.push(`${path}: link ${link} leads out of the repository`);
      else if (page === undefined && !exists(target)) findings.push(`${path}: link ${link} leads nowhere`);
      else if (anchor && page !== undefined && !anchorsOf(page.text).includes(anchor)) {
        findings.push(`${path}: link ${link} names no heading of ${target}`);
      }
    }
  }
  return findings;
}

/** Every `deno task x` that a page names is in deno.json. */
export function checkTasks(pages: readonly Page[], tasks: readonly string[]): string[] {
  return pages.flatMap(({ path, text }) => {
    const named = Array.from(text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z][\w:-]*)/g), ([, task]) => task);
    return [...new Set(named)].filter((task) => !tasks.includes(task))
      .map((task) => `${path}: there is no task ${task}`);
  });
}

/** Every import of deno.json has a heading or a table row in the page that says why it is there. */
export function checkDependencyPage(page: Page, imports: readonly string[]): string[] {
  return imports
    .filter((name) => !new RegExp(`^(?:#+ |\\| ?)\`?${RegExp.escape(name)}\`?(?:\\s|$)`, "m").test(page.text))
    .map((name) => `${page.path}: nothing about ${name}, which deno.json imports`);
}

function linksOf(text: string): string[] {
  const prose = withoutCode(text);
  return Array.from(prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g), ([, link]) => link)
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link));
}

/** As GitHub makes them: small letters, blanks to hyphens, punctuation gone. */
function anchorsOf(text: string): string[] {
  return Array.from(
    withoutBlocks(text).matchAll(/^#{1,6}\s+(.+?)\s*$/gm),
    ([, title]) => title.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-"),
  );
}

function withoutBlocks(text: string): string {
  return text.replace(/^```[^]*?^```/gm, "");
}

function withoutCode(text: string): string {
  return withoutBlocks(text).replace(/`[^`\n]*`/g, "");
}
