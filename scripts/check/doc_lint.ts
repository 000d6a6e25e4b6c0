/** Sifts what `deno doc --lint` says about the `mod.ts` of the rooms. */

/**
 * Gives the findings that we hold to; all of the output when it has none at all, since then something else went wrong.
 *
 * Left out are those about members, where a name and a type often say everything, and `private-type-ref`, which wants
 * every type of a lower room to be exported once more by the rooms above it.
 */
export function siftDocLint(output: string): string[] {
  const blocks = output.split(/^(?=error(?:\[|:))/m).filter((block) => block.startsWith("error["));
  if (blocks.length === 0) return [output.trim()];
  return blocks.flatMap((block) => {
    const kind = block.match(/^error\[([\w-]+)\]: (.*)/);
    const at = block.match(/--> (.*):(\d+):\d+/);
    if (kind === null || at === null) return [block.trim()];
    const [, code, message] = kind;
    const [, path, line] = at;
    const isMember = !new RegExp(`^ *${line} \\| export `, "m").test(block);
    if (code === "private-type-ref" || (code === "missing-jsdoc" && isMember)) return [];
    return [`${path}:${line}: ${message}`];
  });
}
