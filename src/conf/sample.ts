/** The documented default configuration, made from the tables. */
import { isAlias, type Key, type KeyTable } from "./key.ts";
import { globalSections, pathSections, type Section } from "./keys/tables.ts";

const lineWidth = 110;

const head = `# yaml-language-server: $schema=./mediamtx.schema.json

# Every setting with its default. A setting that is left out has its default too, so this file may be as short as you
# like. Any setting can also come from the environment: logLevel is MTX_LOGLEVEL, the source of path "cam" is
# MTX_PATHS_CAM_SOURCE.
#
# Durations have units (1d, 12h, 30m, 10s, 200ms), sizes too (50M, 1.5G).
# Settings of features that are not built yet are accepted, and listed in a warning at start when they are changed.
# This file is generated from the tables in src/conf/keys by scripts/generate_schema.ts.
`;

const tail = `
##############################################################################
# Paths
#
# Under paths, each entry is the name of a path and what it sets differently from pathDefaults:
#
#   cam:
#     source: rtsp://user:password@192.168.1.20/stream
#   "~^live/(.+)$":
#     maxReaders: 10
#
# A name that begins with ~ is a regular expression; "all_others" stands for every name that nothing else matches.
# A path that no entry matches cannot be published or read.

paths:
  all_others:
`;

/** The text of `mediamtx.yml`. */
export function confSample(): string {
  const parts = [head];
  for (const section of globalSections) parts.push(sectionText(section, ""));
  parts.push(`\n${"#".repeat(78)}\n# Defaults of all paths\n\npathDefaults:\n`);
  for (const section of pathSections) parts.push(sectionText(section, "  "));
  parts.push(tail);
  return parts.join("");
}

function sectionText(section: Section, indent: string): string {
  const keys = documentedKeys(section.keys);
  if (keys.length === 0) return "";
  const rule = indent === "" ? `${"#".repeat(78)}\n` : "";
  const isToCome = keys.every(([, key]) => !key.built(key.default));
  const texts = keys.map(([name, key]) =>
    comment(docOf(key, !isToCome), indent) + keyText(name, key, indent)
  );
  return `\n${rule}${indent}# ${section.title}${isToCome ? " (not built yet)" : ""}\n\n${texts.join("")}`;
}

/** Neither old names nor keys that are optional. */
export function documentedKeys(table: KeyTable): [string, Key<unknown>][] {
  return Object.entries(table).flatMap(([name, key]) =>
    isAlias(key) || key.deprecated !== undefined ? [] : [[name, key] as [string, Key<unknown>]]
  );
}

function docOf(key: Key<unknown>, markToCome: boolean): string {
  const words = (key.type.words ?? []).map((word) => word === "" ? '""' : word);
  const choice = words.length === 0 ? "" : ` One of: ${words.join(", ")}.`;
  const values = key.type.kind === "list" ? choice.replace("One of", "Any of") : choice;
  return key.doc + values + (markToCome && !key.built(key.default) ? " Not built yet." : "");
}

function comment(text: string, indent: string): string {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > lineWidth) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join("\n")}\n`;
}

function keyText(name: string, key: Key<unknown>, indent: string): string {
  const value = key.type.format(key.default);
  // 1h0m0s is right, but nobody writes it.
  if (key.type.kind === "duration") {
    const short = String(value).replace(/(?<=h)0m0s$|(?<=m)0s$/, "");
    return `${indent}${name}: ${short === "" ? "0s" : short}\n`;
  }
  if (key.type.kind === "size") return `${indent}${name}: ${value}\n`;
  if (key.type.kind !== "structs" || !Array.isArray(value) || value.length === 0) {
    return `${indent}${name}: ${flow(value)}\n`;
  }
  return `${indent}${name}:\n${blockList(value, `${indent}  `)}`;
}

function blockList(items: readonly unknown[], indent: string): string {
  return items.map((item) => {
    const lines = Object.entries(item as object).map(([name, value]) =>
      isStructList(value) ? `${name}:\n${blockList(value, `${indent}    `)}` : `${name}: ${flow(value)}\n`
    );
    return `${indent}- ${lines.join(`${indent}  `)}`;
  }).join("");
}

function isStructList(value: unknown): value is readonly object[] {
  return Array.isArray(value) && typeof value[0] === "object";
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => flow(item)).join(", ")}]`;
  return typeof value === "string" ? quoteIfNeeded(value) : String(value);
}

/** Texts that YAML would read as something else, here or under its older version, are quoted. */
function quoteIfNeeded(text: string): string {
  const isPlain = /^[A-Za-z:./][A-Za-z0-9_:./-]*$/.test(text) && !text.endsWith(":");
  return isPlain && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text) ? text : JSON.stringify(text);
}
