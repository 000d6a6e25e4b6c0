/** The dependency rule: which room of `src/` may import which. The lint plugin applies it to every import. */
import { posix } from "node:path";

interface Room {
  /** Folder, with a slash at the end. `*` stands for one folder name: each is a room of its own. */
  readonly folder: string;
  /** Folders whose files may be imported, besides those of the room itself. */
  readonly mayImport: readonly string[];
  /** Files that others may import; undefined when the room is a library whose every file is open. */
  readonly doors?: readonly string[];
  /** No `Deno`, clock, timer or socket: what happens depends on the arguments only. */
  readonly pure?: boolean;
}

const media = ["src/containers/", "src/rtp/", "src/sdp/", "src/codecs/", "src/base/"];
const core = ["src/stream/", "src/conf/", "src/net/", ...media];
const services = ["src/paths/", "src/auth/", "src/hooks/", ...core];
const onlyModule = ["mod.ts"];

/** From the bottom to the top; the first folder that matches is the room. Documented in docs/architecture.md. */
export const rooms: readonly Room[] = [
  { folder: "src/base/", mayImport: [], pure: true },
  { folder: "src/net/ffi/", mayImport: ["src/net/", "src/base/"] },
  { folder: "src/net/", mayImport: ["src/net/ffi/", "src/base/"] },
  { folder: "src/codecs/", mayImport: ["src/base/"], pure: true },
  { folder: "src/rtp/", mayImport: ["src/codecs/", "src/base/"], pure: true },
  { folder: "src/sdp/", mayImport: ["src/rtp/", "src/codecs/", "src/base/"], pure: true },
  { folder: "src/containers/", mayImport: ["src/codecs/", "src/base/"], pure: true },
  { folder: "src/stream/", mayImport: media, pure: true },
  {
    folder: "src/conf/",
    mayImport: ["src/codecs/", "src/net/", "src/base/"],
    doors: onlyModule,
    pure: true,
  },
  { folder: "src/auth/", mayImport: ["src/conf/", "src/net/", "src/base/"], doors: onlyModule },
  { folder: "src/hooks/", mayImport: ["src/conf/", "src/net/", "src/base/"], doors: onlyModule },
  {
    folder: "src/paths/",
    mayImport: ["src/auth/", "src/hooks/", ...core],
    doors: ["mod.ts", "contracts.ts"],
  },
  { folder: "src/recording/", mayImport: services, doors: onlyModule },
  { folder: "src/playback/", mayImport: services, doors: onlyModule },
  { folder: "src/admin/clients/", mayImport: services, doors: onlyModule },
  { folder: "src/admin/live/", mayImport: ["src/admin/clients/", ...services], doors: onlyModule },
  {
    folder: "src/admin/*/",
    mayImport: ["src/admin/clients/", "src/admin/live/", ...services],
    doors: onlyModule,
  },
  { folder: "src/protocols/*/", mayImport: services, doors: onlyModule },
  { folder: "src/protocols/", mayImport: ["src/protocols/*/", ...services], doors: ["registry.ts"] },
  { folder: "src/app/", mayImport: ["src/"], doors: onlyModule },
];

/** Parts of node's library that compute and touch nothing outside. */
const pureNodeModules = ["node:crypto", "node:buffer"];

/** The room of a file, with the folder's `*` replaced by the real name; undefined outside of every room. */
export function roomOf(path: string): Room | undefined {
  for (const room of rooms) {
    const pattern = new RegExp(`^${room.folder.replace("*", "[^/]+")}`);
    const folder = path.match(pattern)?.[0];
    if (folder !== undefined) return { ...room, folder };
  }
  return undefined;
}

/** True for files that may not touch the system: the pure rooms, and `wire/` and `engine/` folders anywhere. */
export function isPure(path: string): boolean {
  return path.startsWith("src/") && (roomOf(path)?.pure === true || /\/(wire|engine)\//.test(path));
}

/**
 * What is wrong with `from` (a path from the top folder) importing `specifier`; undefined when nothing is.
 */
export function importProblem(from: string, specifier: string): string | undefined {
  if (!from.startsWith("src/")) return undefined;
  if (specifier.startsWith("node:")) {
    const allowed = !isPure(from) || pureNodeModules.includes(specifier);
    return allowed ? undefined : `${from} touches no system and may not import ${specifier}`;
  }
  if (!specifier.startsWith(".")) return undefined;
  const target = posix.join(posix.dirname(from), specifier);
  // Data, such as the version in deno.json or pages of the server.
  if (!target.startsWith("src/")) {
    return target.endsWith(".ts") ? `${from} may not import ${target}, which is outside of src/` : undefined;
  }
  return sourceProblem(from, target);
}

function sourceProblem(from: string, target: string): string | undefined {
  const source = roomOf(from);
  const room = roomOf(target);
  if (source === undefined) return `${from} is in no room of scripts/check/dependencies.ts`;
  if (room === undefined) return `${target} is in no room of scripts/check/dependencies.ts`;
  if (source.folder === room.folder) return undefined;
  if (!source.mayImport.some((folder) => matches(folder, room.folder))) {
    return `${source.folder} may not import from ${room.folder} (${target})`;
  }
  const door = target.slice(room.folder.length);
  if (room.doors !== undefined && !room.doors.includes(door)) {
    return `${target} is inside of a room: import ${
      room.doors.map((name) => room.folder + name).join(" or ")
    }`;
  }
  return undefined;
}

/** `src/` in a list means everything; with `*` every folder there; anything else exactly that room. */
function matches(allowed: string, folder: string): boolean {
  if (allowed === "src/") return true;
  return new RegExp(`^${allowed.replace("*", "[^/]+")}$`).test(folder);
}
