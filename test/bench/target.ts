import type { RtspTarget } from "./readers/rtsp_dialog.ts";

const rtspPort = 554;

/** Resolves the host to an IPv4 address; credentials become a Basic `Authorization`. */
export async function resolveTarget(url: string): Promise<RtspTarget> {
  const parsed = new URL(url.replace(/^rtsp:/, "http:"));
  if (!url.startsWith("rtsp://")) throw new Error(`--url: '${url}' does not start with rtsp://`);
  // URL hides the port that is usual for http
  const explicit = url.match(/^rtsp:\/\/[^/]*:(\d+)(?:\/|$)/)?.[1];
  const port = explicit === undefined ? rtspPort : Number(explicit);
  const credentials = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
  const host = parsed.hostname === "localhost" ? "127.0.0.1" : parsed.hostname;
  const ip = /^[\d.]+$/.test(host) ? host : (await Deno.resolveDns(host, "A"))[0];
  return {
    url: `rtsp://${parsed.hostname}:${port}${parsed.pathname}${parsed.search}`,
    ip,
    port,
    authorization: credentials === ":" ? "" : `Basic ${btoa(credentials)}`,
  };
}
