/** Where this repository is, and its files. */
import { fileURLToPath } from "node:url";

/** Absolute path of the top folder, without a slash at the end. */
export const root: string = fileURLToPath(new URL("..", import.meta.url)).replace(/[\\/]$/, "");

/** Folders that hold TypeScript of ours. A folder that does not exist (yet) is left out by `sourceFiles`. */
export const sourceFolders: readonly string[] = ["src", "scripts", "test", "web"];

/** Path from the top folder, with slashes on every system: `src/app/cli.ts`. Foreign paths stay as they are. */
export function relativePath(path: string): string {
  const plain = path.replaceAll("\\", "/");
  const top = `${root.replaceAll("\\", "/")}/`;
  return plain.startsWith(top) ? plain.slice(top.length) : plain;
}

/** Every file below `folder` (a path from the top folder) whose name passes, sorted; empty when there is no such folder. */
export function filesBelow(folder: string, wanted: (name: string) => boolean): string[] {
  const found: string[] = [];
  try {
    for (const entry of Deno.readDirSync(`${root}/${folder}`)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) found.push(...filesBelow(path, wanted));
      else if (entry.isFile && wanted(entry.name)) found.push(path);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort();
}

/** All TypeScript of ours. */
export function sourceFiles(folders: readonly string[] = sourceFolders): string[] {
  return ["main.ts", ...folders.flatMap((folder) => filesBelow(folder, (name) => name.endsWith(".ts")))];
}

/** Text of a file by its path from the top folder; undefined when there is no such file. */
export function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${root}/${path}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
