/** URLs of sources: what stands for parts of the path and of the request that started them. */

/**
 * Replaces `$G1`, `$G2`… by the groups of the path's regular expression and `$MTX_QUERY` by the query of the request.
 * What clients have written cannot bring in spaces, line ends or other control characters: these are percent-encoded.
 */
export function fillSourceUrl(source: string, groups: readonly string[], query: string): string {
  return source.replace(/\$(?:G(\d+)|MTX_QUERY)/g, (name: string, digits: string | undefined) => {
    if (digits === undefined) return harmless(query);
    // The longest number that is a group: `$G12` is group 1 and a 2 when there are fewer than 12.
    for (let length = digits.length; length > 0; length--) {
      const group = groups[Number(digits.slice(0, length))];
      if (group !== undefined && digits[0] !== "0") return harmless(group) + digits.slice(length);
    }
    return name;
  });
}

function harmless(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, (characters) => encodeURIComponent(characters));
}
