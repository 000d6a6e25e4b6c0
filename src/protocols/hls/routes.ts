/** What the path of a URL asks for. */

/** `path`: name of a path of the server, not checked yet but for segments that lead elsewhere. */
export type Route =
  | { readonly kind: "page"; readonly path: string }
  /** The page without its slash at the end. */
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "multivariant"; readonly path: string }
  | { readonly kind: "media"; readonly path: string; readonly name: string }
  | { readonly kind: "file"; readonly path: string; readonly name: string }
  | { readonly kind: "library" }
  | { readonly kind: "module" }
  | { readonly kind: "notFound" };

const notFound: Route = { kind: "notFound" };
/** Longer ones name nothing. */
const maxLength = 2048;

/** `pathname` as the client has written it, with a slash at the start. */
export function parseRoute(pathname: string): Route {
  const decoded = decode(pathname);
  if (decoded === null) return notFound;
  const slash = decoded.lastIndexOf("/");
  const path = decoded.slice(1, slash);
  const name = decoded.slice(slash + 1);
  if (name === "hls.min.js") return { kind: "library" };
  if (name === "player.js") return { kind: "module" };
  if (decoded === "/" || decoded === "/favicon.ico" || name === "hls.min.js.map") return notFound;
  if (name === "") return { kind: "page", path };
  if (slash === 0) return /\.(m3u8|ts|mp4|mp)$/.test(name) ? notFound : { kind: "directory", path: name };
  if (name === "index.m3u8") return { kind: "multivariant", path };
  if (name.endsWith(".m3u8")) return { kind: "media", path, name };
  if (name.endsWith(".ts") || name.endsWith(".mp4")) return { kind: "file", path, name };
  // Some players of televisions cut the name.
  if (name.endsWith(".mp")) return { kind: "file", path, name: `${name}4` };
  return { kind: "directory", path: `${path}/${name}` };
}

/** Null when it leads out of where it should, or cannot be decoded. */
function decode(pathname: string): string | null {
  if (pathname.length > maxLength) return null;
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (/[\\\p{Cc}]/u.test(decoded)) return null;
  const segments = decoded.slice(1).split("/");
  const inner = segments.slice(0, -1);
  if (inner.includes("") || segments.includes(".") || segments.includes("..")) return null;
  return decoded;
}

/** The URL path of a file of a path; the name of the path may hold anything. */
export function pathUrl(path: string, file: string): string {
  return `/${path.split("/").map(encodeURIComponent).join("/")}/${file}`;
}
