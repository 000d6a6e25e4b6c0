/** Which path names are valid. */

/** What is wrong with the name of a path, or undefined. */
export function pathNameProblem(name: string): string | undefined {
  if (name === "") return "cannot be empty";
  if (name.startsWith("/")) return "can't begin with a slash";
  if (name.endsWith("/")) return "can't end with a slash";
  if (!/^[0-9A-Za-z_\-/.]+$/.test(name)) {
    return "can contain only alphanumeric characters, underscore, dot, minus, slash";
  }
  // Names become file names when a stream is recorded: none may lead out of its directory.
  const segments = name.split("/");
  if (segments.includes(".") || segments.includes("..")) return "can't contain dot path segments";
  return undefined;
}
