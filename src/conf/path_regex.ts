/** Regular expressions of path names, in RE2's syntax: names come from the network, and RE2 takes linear time. */
import { RE2JS } from "re2js";

/** The regular expression of an entry that stands for many paths. */
export interface PathRegex {
  /** The expression without `~`. */
  readonly source: string;
  /** Groups by number (`groups[1]` is `$G1`, `groups[0]` the whole match, "" for a group that took no part), or null. */
  match(name: string): string[] | null;
}

/** Unanchored, unless written with ^ and $. Throws what the library throws on bad syntax. */
export function compilePathRegex(source: string): PathRegex {
  const compiled = RE2JS.compile(source);
  return {
    source,
    match(name) {
      const matcher = compiled.matcher(name);
      if (!matcher.find()) return null;
      return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? "");
    },
  };
}
