/** Names of paths in URLs. */

/** Longer ones name nothing. */
const maxLength = 2048;

/**
 * The name of the path that a part of a URL stands for, `encoded` without slashes around it. Null when it leads
 * elsewhere or cannot be decoded.
 */
export function decodePathName(encoded: string): string | null {
  if (encoded === "" || encoded.length > maxLength) return null;
  let decoded: string;
  try {
    decoded = decodeURIComponent(encoded);
  } catch {
    return null;
  }
  if (/[\\\p{Cc}]/u.test(decoded)) return null;
  return decoded.split("/").some((part) => part === "" || part === "." || part === "..") ? null : decoded;
}

/** The URL path of something that belongs to a path. */
export function pathUrl(path: string, rest: string): string {
  return `/${path.split("/").map(encodeURIComponent).join("/")}/${rest}`;
}
