/** Loading: search, decryption, YAML, environment, checks. Touches the outside through `ConfIo` only. */
import { errorText } from "../base/errors.ts";
import { buildConf, listNotBuilt } from "./build.ts";
import type { Conf } from "./conf.ts";
import { decode } from "./decode.ts";
import { decryptConf } from "./decrypt.ts";
import { applyEnv } from "./env.ts";
import { ConfError, Issues } from "./issue.ts";
import { applyOverlay, emptyOverlay, type Overlay, type OverlayPlace } from "./overlay.ts";
import { parseOverlay } from "./overlay_file.ts";
import { Origins, type Raw, rawAt } from "./raw.ts";
import { readYaml } from "./yaml.ts";

/** What loading needs of the outside. */
export interface ConfIo {
  /**
   * The contents of a file, the first `atMost` bytes if given; null when there is no such file. Other failures are
   * thrown, and their message is shown.
   */
  readFile(path: string, atMost?: number): Promise<Uint8Array | null>;
  /** The environment. */
  readonly env: Readonly<Record<string, string>>;
  /** `linux`, `darwin`, `windows`… as Deno calls it. */
  readonly platform: string;
  /** Makes a path absolute; `beside` is a file in whose folder it begins, the working directory without. */
  resolve(path: string, beside?: string): string;
}

/** A configuration and how it came about. */
export interface LoadedConf {
  /** What to run with. */
  readonly conf: Conf;
  /** Absolute; absent when no file was found. */
  readonly filePath?: string;
  /** The absolute paths to name in the log when no file was found. */
  readonly lookedIn: readonly string[];
  /** Lines for the log, about deprecated keys. */
  readonly warnings: readonly string[];
  /** Keys set to something else than their default, whose feature does not exist yet: `hlsAddress`, `paths.cam.record`. */
  readonly notImplemented: readonly string[];
}

const localNames = ["rtsp-simple-server.yml", "mediamtx.yml"];
const systemNames = ["/usr/local/etc/mediamtx.yml", "/usr/etc/mediamtx.yml", "/etc/mediamtx/mediamtx.yml"];
/** Encrypted ones are a third larger than their contents. */
const maxFileSize = 16 * 1024 * 1024;

/** What file and environment say, before checks. */
export interface BaseConf {
  readonly raw: Raw;
  readonly origins: Origins;
  /** As it was named or found. */
  readonly file: string | undefined;
  readonly warnings: readonly string[];
}

/**
 * Loads the file at `path`, or the first that exists of the usual ones, or the defaults, overlaid by the environment,
 * overlaid by what the API has changed and kept (`apiPersist`). Throws ConfError.
 */
export async function loadConf(io: ConfIo, options: { readonly path?: string } = {}): Promise<LoadedConf> {
  const base = await loadBase(io, options.path ?? "");
  return await buildLayers(io, base, await loadOverlay(io, base), { file: overlayPath(io, base) });
}

/** Reads the file and the environment. Throws ConfError. */
export async function loadBase(io: ConfIo, path: string): Promise<BaseConf> {
  const found = await findFile(io, path);
  const issues = new Issues(found?.path);
  const warnings: string[] = [];
  if (found !== null) readYaml(await fileText(found, io.env), issues, (text) => warnings.push(text));
  issues.check();
  applyEnv(io.env, "RTSP", issues);
  applyEnv(io.env, "MTX", issues);
  issues.check();
  return { raw: issues.raw, origins: issues.origins, file: found?.path, warnings };
}

/** Where changes by the API are kept: `apiPersist`, relative to the configuration file; undefined when they are not. */
export function overlayPath(io: ConfIo, base: BaseConf): string | undefined {
  const name = rawAt(base.raw, ["apiPersist"]);
  if (typeof name !== "string" || name === "") return undefined;
  return io.resolve(name, base.file);
}

/** What the API has changed and kept. Throws ConfError. */
export async function loadOverlay(io: ConfIo, base: BaseConf): Promise<Overlay> {
  const path = overlayPath(io, base);
  if (path === undefined) return emptyOverlay;
  let bytes: Uint8Array | null;
  try {
    bytes = await io.readFile(path, maxFileSize);
  } catch (error) {
    throw fileError(path, `cannot be read: ${errorText(error)}`);
  }
  if (bytes === null) return emptyOverlay;
  const issues = new Issues(path);
  readYaml(new TextDecoder().decode(bytes), issues, () => {});
  const overlay = parseOverlay(issues);
  issues.check();
  return overlay;
}

/** Checks all layers together and gives what they result in. Throws ConfError. */
export async function buildLayers(
  io: ConfIo,
  base: BaseConf,
  overlay: Overlay,
  place: OverlayPlace,
): Promise<LoadedConf> {
  const issues = new Issues(base.file);
  issues.origins = new Origins(base.origins);
  issues.raw = applyOverlay(base.raw, overlay, issues.origins, place);
  const warnings = [...base.warnings];
  const warn = (text: string) => {
    if (!warnings.includes(text)) warnings.push(text);
  };
  const decoded = issues.raw === null ? { globals: {}, pathDefaults: {}, paths: new Map() } : decode(issues);
  issues.check();
  const conf = buildConf(decoded, issues, warn);
  await checkOfflineFiles(io, conf, issues);
  issues.check();
  return {
    conf,
    filePath: base.file === undefined ? undefined : io.resolve(base.file),
    lookedIn: localNames.map((name) => io.resolve(name)),
    warnings,
    notImplemented: listNotBuilt(conf),
  };
}

interface FoundFile {
  /** As given or searched, for messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

async function findFile(io: ConfIo, path: string): Promise<FoundFile | null> {
  const candidates = path !== ""
    ? [path]
    : io.platform === "windows"
    ? localNames
    : [...localNames, ...systemNames];
  for (const candidate of candidates) {
    let bytes: Uint8Array | null;
    try {
      bytes = await io.readFile(candidate, maxFileSize + 1);
    } catch (error) {
      throw fileError(candidate, `cannot be read: ${errorText(error)}`);
    }
    if (bytes === null) continue;
    if (bytes.length > maxFileSize) throw fileError(candidate, `is larger than ${maxFileSize} bytes`);
    return { path: candidate, bytes };
  }
  if (path !== "") throw fileError(path, "no such file");
  return null;
}

function fileError(file: string, text: string): ConfError {
  return new ConfError([{ file, keyPath: "", text }]);
}

/** Both keys, if both are set, as the original does. An empty key is a key. */
async function fileText(file: FoundFile, env: ConfIo["env"]): Promise<string> {
  let bytes = file.bytes;
  for (const variable of ["RTSP_CONFKEY", "MTX_CONFKEY"]) {
    if (!Object.hasOwn(env, variable)) continue;
    try {
      bytes = await decryptConf(env[variable], bytes);
    } catch (error) {
      throw fileError(file.path, errorText(error));
    }
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw fileError(file.path, "invalid YAML: not UTF-8 text");
  }
}

/** An MP4 file (ISO/IEC 14496-12 §4.3) begins with the box `ftyp`. */
async function checkOfflineFiles(io: ConfIo, conf: Conf, issues: Issues): Promise<void> {
  for (const path of conf.paths.values()) {
    if (!path.alwaysAvailable || path.alwaysAvailableFile === "") continue;
    const at = ["paths", path.name, "alwaysAvailableFile"];
    try {
      const start = await io.readFile(path.alwaysAvailableFile, 8);
      if (start === null) issues.add(at, "no such file");
      else if (new TextDecoder("latin1").decode(start.subarray(4, 8)) !== "ftyp") {
        issues.add(at, "is not an MP4 file");
      }
    } catch (error) {
      issues.add(at, `cannot be read: ${errorText(error)}`);
    }
  }
}
