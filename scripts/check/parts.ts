/** The parts of `deno task check`. Each gives its findings; none means it passed. */
import denoConfig from "../../deno.json" with { type: "json" };
import { filesBelow, readText, root, sourceFiles, sourceFolders } from "../repository.ts";
import { siftDocLint } from "./doc_lint.ts";
import { checkDependencyPage, checkLinks, checkTasks, type Page } from "./documentation.ts";
import { checkFile } from "./files.ts";

/** One part. */
export interface Part {
  readonly name: string;
  /** Texts to show; empty when all is well. */
  run(): Promise<string[]>;
}

const schemaGenerator = "scripts/generate_schema.ts";
const dependencyPage = "docs/dependencies.md";

/** In the order in which their results are shown. */
export const parts: readonly Part[] = [
  { name: "format", run: () => deno("fmt", "--check") },
  // Our own rules are among these: see scripts/lint/plugin.ts.
  { name: "lint", run: () => deno("lint") },
  { name: "types", run: () => deno("check", "--quiet", "main.ts", ...existing(sourceFolders)) },
  { name: "types of browser modules", run: checkBrowserModules },
  {
    name: "files",
    run: () =>
      Promise.resolve(
        [...sourceFiles(), ...browserModules()].flatMap((path) => checkFile(path, readText(path) ?? "")),
      ),
  },
  { name: "doc comments of the rooms", run: checkRoomDocs },
  { name: "documentation", run: () => Promise.resolve(checkDocumentation()) },
  { name: "generated files", run: checkGenerated },
];

/** Runs Deno itself; all of its output is one finding when it fails. */
async function deno(...args: string[]): Promise<string[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return [];
  const decoder = new TextDecoder();
  return [`${decoder.decode(stdout)}${decoder.decode(stderr)}`.trim()];
}

function existing(folders: readonly string[]): string[] {
  return folders.filter((folder) => filesBelow(folder, (name) => name.endsWith(".ts")).length > 0);
}

/** Plain JavaScript, served as it is. */
function browserModules(): string[] {
  return filesBelow("web", (name) => name.endsWith(".js"));
}

/** Their types are in comments, and of the browser's world instead of Deno's: hence a configuration of their own. */
function checkBrowserModules(): Promise<string[]> {
  const config = ["--config", "web/browser.json", "--import-map", "deno.json"];
  return deno("check", "--quiet", ...config, ...browserModules());
}

async function checkRoomDocs(): Promise<string[]> {
  const doors = filesBelow("src", (name) => name === "mod.ts");
  if (doors.length === 0) return [];
  const findings = await deno("doc", "--lint", ...doors);
  return findings.flatMap((output) => siftDocLint(output));
}

function checkDocumentation(): string[] {
  const paths = [
    ...["README.md", "CONTRIBUTING.md"].filter((path) => readText(path) !== undefined),
    ...filesBelow("docs", (name) => name.endsWith(".md")),
  ];
  const pages: Page[] = paths.map((path) => ({ path, text: readText(path) ?? "" }));
  const why = pages.find(({ path }) => path === dependencyPage);
  return [
    ...checkLinks(pages, (path) => existsInRepository(path)),
    ...checkTasks(pages, Object.keys(denoConfig.tasks)),
    ...why === undefined
      ? [`${dependencyPage} is missing`]
      : checkDependencyPage(why, Object.keys(denoConfig.imports)),
  ];
}

function existsInRepository(path: string): boolean {
  try {
    Deno.statSync(`${root}/${path}`);
    return true;
  } catch {
    return false;
  }
}

function checkGenerated(): Promise<string[]> {
  if (!existsInRepository(schemaGenerator)) return Promise.resolve([]);
  return deno("run", "-A", schemaGenerator, "--check");
}
