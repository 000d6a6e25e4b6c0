/** Rules on single files: their size, and no comments that switch the checks off. */

/** A source file has at most this many lines; its median should be about 100. */
export const fileLineLimit = 500;

/** Tests are tables of cases and may be longer; generated files are nobody's reading. */
function isLimited(path: string): boolean {
  return !path.startsWith("test/");
}

const suppression = /(?:\/\/|\/?\*)\s*(@ts-(?:ignore|expect-error|nocheck)|deno-lint-ignore(?:-file)?)\b/;

/** Findings about one TypeScript file, each starting with its path. */
export function checkFile(path: string, text: string): string[] {
  const lines = text.split("\n");
  const findings: string[] = [];
  // A final newline ends the last line, it does not begin another one.
  const count = text.endsWith("\n") ? lines.length - 1 : lines.length;
  if (isLimited(path) && count > fileLineLimit) {
    findings.push(`${path}: ${count} lines, ${fileLineLimit} are allowed: split it`);
  }
  lines.forEach((line, index) => {
    const found = line.match(suppression);
    if (found !== null) {
      findings.push(`${path}:${index + 1}: ${found[1]} switches a check off: mend the cause`);
    }
  });
  return findings;
}
